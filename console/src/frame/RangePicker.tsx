import { Popover } from "radix-ui";
import { type FormEvent, useState } from "react";
import { nowUs } from "../api/queries";
import { Icon } from "../parts/Icon";
import { Button, buttonClass, partStyles } from "../parts/parts";
import { moment, offsetName, type Zone } from "../text/format";
import {
  parseRange,
  type Range,
  RELATIVE_RANGES,
  rangeText,
  resolve,
  shifted,
  widened,
} from "../url/range";
import { useAddress } from "../url/useAddress";
import styles from "./RangePicker.module.css";

/** Which stretch of time the page shows: relative to now, or from one moment to another. */
export function RangePicker() {
  const { search, range, set, setRange } = useAddress();
  const [isOpen, setOpen] = useState(false);
  const choose = (next: Range) => {
    setRange(next);
    setOpen(false);
  };
  return (
    <div className={styles.group}>
      <Button
        looks={["plain"]}
        icon="left"
        label="Earlier ([)"
        onClick={() => setRange(shifted(range, -1, nowUs()))}
      />
      <Popover.Root open={isOpen} onOpenChange={setOpen}>
        <Popover.Trigger
          className={buttonClass()}
          aria-label={`Time range: ${label(range, search.tz)}`}
        >
          <Icon name="clock" size={16} />
          <span className="numeric">{label(range, search.tz)}</span>
          <Icon name="down" size={14} />
        </Popover.Trigger>
        <Popover.Portal>
          <Popover.Content
            className={`${partStyles.popover} ${styles.sheet}`}
            align="end"
            sideOffset={6}
          >
            <div className={styles.columns}>
              <div className={styles.relative}>
                {RELATIVE_RANGES.map(([text, name]) => (
                  <button
                    key={text}
                    type="button"
                    className={styles.choice}
                    aria-pressed={rangeText(range) === text}
                    onClick={() => choose(parseRange(text) as Range)}
                  >
                    Last {name}
                  </button>
                ))}
              </div>
              <Absolute range={range} zone={search.tz} onChoose={choose} />
            </div>
            <div className={styles.zone}>
              <span>Times in</span>
              <button
                type="button"
                className={styles.pill}
                aria-pressed={search.tz !== "UTC"}
                onClick={() => set({ tz: undefined }, true)}
              >
                Browser ({offsetName(new Date(), undefined)})
              </button>
              <button
                type="button"
                className={styles.pill}
                aria-pressed={search.tz === "UTC"}
                onClick={() => set({ tz: "UTC" }, true)}
              >
                UTC
              </button>
            </div>
          </Popover.Content>
        </Popover.Portal>
      </Popover.Root>
      <Button
        looks={["plain"]}
        icon="right"
        label="Later (])"
        disabled={range.kind === "relative"}
        onClick={() => setRange(shifted(range, 1, nowUs()))}
      />
      <Button
        looks={["plain"]}
        icon="zoomOut"
        label="Twice the range"
        onClick={() => setRange(widened(range, nowUs()))}
      />
    </div>
  );
}

function label(range: Range, zone: Zone): string {
  if (range.kind === "absolute") {
    return `${moment(range.startUs, zone)} – ${moment(range.endUs, zone)}`;
  }
  const known = RELATIVE_RANGES.find(([text]) => text === range.text)?.[1];
  return `Last ${known ?? range.text}`;
}

interface AbsoluteProps {
  range: Range;
  zone: Zone;
  onChoose: (range: Range) => void;
}

function Absolute({ range, zone, onChoose }: AbsoluteProps) {
  const { startUs, endUs } = resolve(range, nowUs());
  const [from, setFrom] = useState(fieldText(startUs, zone));
  const [to, setTo] = useState(fieldText(endUs, zone));
  const start = fieldTime(from, zone);
  const end = fieldTime(to, zone);
  const isLegal = start !== null && end !== null && start < end;
  const apply = (event: FormEvent) => {
    event.preventDefault();
    if (isLegal) onChoose({ kind: "absolute", startUs: start, endUs: end });
  };
  return (
    <form className={styles.absolute} onSubmit={apply}>
      <label>
        From
        <input
          type="datetime-local"
          step="1"
          className={partStyles.input}
          value={from}
          onChange={(event) => setFrom(event.target.value)}
        />
      </label>
      <label>
        To
        <input
          type="datetime-local"
          step="1"
          className={partStyles.input}
          value={to}
          onChange={(event) => setTo(event.target.value)}
        />
      </label>
      {!isLegal && <p role="alert">The start must come before the end.</p>}
      <Button type="submit" looks={["primary"]} disabled={!isLegal}>
        Show this range
      </Button>
    </form>
  );
}

/** What a datetime-local field holds for a moment. */
function fieldText(us: number, zone: Zone): string {
  const date = new Date(us / 1000);
  const shift = zone === "UTC" ? 0 : date.getTimezoneOffset() * 60_000;
  return new Date(date.getTime() - shift).toISOString().slice(0, 19);
}

function fieldTime(text: string, zone: Zone): number | null {
  const ms = Date.parse(zone === "UTC" ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms * 1000;
}
