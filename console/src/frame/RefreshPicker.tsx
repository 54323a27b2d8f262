import { Popover } from "radix-ui";
import { useState } from "react";
import { Icon } from "../parts/Icon";
import { Button, buttonClass, partStyles } from "../parts/parts";
import { REFRESH_SECONDS } from "../url/search";
import styles from "./RefreshPicker.module.css";

interface RefreshPickerProps {
  seconds: number | undefined;
  isRelative: boolean;
  isFetching: boolean;
  onRefresh: () => void;
  onChange: (seconds: number | undefined) => void;
}

const name = (seconds: number) => (seconds < 60 ? `${seconds} s` : `${seconds / 60} min`);

/** Read again now, or by itself every so often. */
export function RefreshPicker(props: RefreshPickerProps) {
  const [isOpen, setOpen] = useState(false);
  const { seconds, isRelative } = props;
  const choose = (next: number | undefined) => {
    props.onChange(next);
    setOpen(false);
  };
  return (
    <div className={styles.group}>
      <Button icon="refresh" label="Refresh (r)" onClick={props.onRefresh} />
      <Popover.Root open={isOpen} onOpenChange={setOpen}>
        <Popover.Trigger
          className={buttonClass()}
          aria-label={`Automatic refresh: ${seconds ? name(seconds) : "off"}`}
          title="Automatic refresh"
        >
          <span className="numeric">{seconds ? name(seconds) : "Off"}</span>
          <Icon name="down" size={14} />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content
            className={`${partStyles.popover} ${styles.sheet}`}
            align="end"
            sideOffset={6}
          >
            {[undefined, ...REFRESH_SECONDS].map((choice) => (
              <button
                key={choice ?? 0}
                type="button"
                className={styles.choice}
                aria-pressed={choice === seconds}
                onClick={() => choose(choice)}
              >
                {choice ? `Every ${name(choice)}` : "Off"}
              </button>
            ))}
            {!isRelative && <p className={styles.note}>Waits while the range has a fixed end.</p>}
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
    </div>
  );
}
