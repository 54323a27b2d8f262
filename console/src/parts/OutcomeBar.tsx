import type { Counts } from "../api/types";
import { sharesOf } from "../map/graph";
import type { Outcome } from "../text/expression";
import { count, percent } from "../text/format";
import styles from "./OutcomeBar.module.css";
import { outcomeName, partStyles } from "./parts";

const ORDER = ["fault", "throttle", "error", "ok"] as const;

interface OutcomeBarProps {
  counts: Counts;
  chosen: Outcome | null;
  onChoose: (outcome: Outcome | null) => void;
}

/** The outcomes as one bar with its numbers; each number is a button that narrows the filter. */
export function OutcomeBar({ counts, chosen, onChoose }: OutcomeBarProps) {
  const shares = sharesOf(counts);
  return (
    <div>
      <div className={partStyles.bar} aria-hidden="true">
        {ORDER.filter((outcome) => counts[outcome] > 0).map((outcome) => (
          <span
            key={outcome}
            className={outcome === "throttle" ? partStyles.hatched : undefined}
            style={{ flexGrow: shares[outcome], backgroundColor: `var(--${outcome})` }}
          />
        ))}
      </div>
      <div className={styles.numbers}>
        {ORDER.map((outcome) => (
          <button
            key={outcome}
            type="button"
            className={styles.number}
            aria-pressed={chosen === outcome}
            disabled={counts[outcome] === 0}
            onClick={() => onChoose(chosen === outcome ? null : outcome)}
          >
            <span className={styles.name}>
              <span className={styles.swatch} style={{ backgroundColor: `var(--${outcome})` }} />
              {outcomeName(outcome)}
            </span>
            <span className={styles.share}>{percent(shares[outcome])}</span>
            <span className={styles.count}>{count(counts[outcome])}</span>
          </button>
        ))}
      </div>
    </div>
  );
}
