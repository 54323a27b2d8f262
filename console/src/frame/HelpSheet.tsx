import type { RefObject } from "react";
import { Button, Key } from "../parts/parts";
import styles from "./HelpSheet.module.css";
import { SHORTCUTS } from "./shortcuts";

interface HelpSheetProps {
  sheet: RefObject<HTMLDialogElement | null>;
  isOpen: boolean;
  onClose: () => void;
  shortcuts: boolean;
  onShortcuts: (on: boolean) => void;
}

const EXAMPLES: readonly [string, string][] = [
  ['service("api")', "touches the service"],
  ["fault", "the root failed with 5xx; also error (4xx), throttle (429), ok"],
  ["responsetime >= 0.5", "the root answered in half a second or more"],
  ["duration > 2", "from first to last segment, in seconds"],
  ['service("api") AND fault', "both"],
];

/** All keys and the filter language on one sheet. */
export function HelpSheet({ sheet, isOpen, onClose, shortcuts, onShortcuts }: HelpSheetProps) {
  return (
    <dialog ref={sheet} className={styles.sheet} aria-labelledby="help-title" onClose={onClose}>
      {isOpen && (
        <>
          <header className={styles.head}>
            <h2 id="help-title">Help</h2>
            <Button
              looks={["plain"]}
              icon="close"
              label="Close"
              onClick={() => sheet.current?.close()}
            />
          </header>
          <div className={styles.columns}>
            {SHORTCUTS.map(([place, keys]) => (
              <section key={place}>
                <h3>{place}</h3>
                <dl>
                  {keys.map(([key, does]) => (
                    <div key={key} className={styles.row}>
                      <dt>
                        {key.split(" ").map((one) => (
                          <Key key={one}>{one}</Key>
                        ))}
                      </dt>
                      <dd>{does}</dd>
                    </div>
                  ))}
                </dl>
              </section>
            ))}
            <section>
              <h3>Filter expressions</h3>
              <dl>
                {EXAMPLES.map(([expression, means]) => (
                  <div key={expression} className={styles.example}>
                    <dt>
                      <code>{expression}</code>
                    </dt>
                    <dd>{means}</dd>
                  </div>
                ))}
              </dl>
            </section>
          </div>
          <label className={styles.switch}>
            <input
              type="checkbox"
              checked={shortcuts}
              onChange={(event) => onShortcuts(event.target.checked)}
            />
            Single-key shortcuts are on
          </label>
        </>
      )}
    </dialog>
  );
}
