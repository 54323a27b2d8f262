import { memo } from "react";
import type { Skeleton } from "../api/types";
import { Icon, type IconName } from "../parts/Icon";
import { serviceToken } from "../parts/palette";
import { OutcomeMark } from "../parts/parts";
import { count, duration } from "../text/format";
import styles from "./Row.module.css";
import { AWS, IN_PROGRESS, INFERRED, ORPHAN, outcomeOf, REMOTE, SEGMENT, type Tree } from "./tree";

const INDENT = 14;
const DEEPEST = 16;

interface RowProps {
  trace: Skeleton;
  tree: Tree;
  row: number;
  top: number;
  height: number;
  treeWidth: number;
  from: number;
  to: number;
  isCollapsed: boolean;
  isCursor: boolean;
  isChosen: boolean;
  isFound: boolean;
  onToggle: (row: number) => void;
  onOpen: (row: number) => void;
}

/** One span: its place in the tree, its name, its bar. */
export const Row = memo(RowOf, (before, after) => {
  const { onOpen: _before, ...a } = before;
  const { onOpen: _after, ...b } = after;
  return (Object.keys(a) as (keyof typeof a)[]).every((key) => a[key] === b[key]);
});

function RowOf(props: RowProps) {
  const { trace, tree, row, top, height, treeWidth, onToggle, onOpen } = props;
  const flags = trace.flags[row] ?? 0;
  const depth = trace.depth[row] ?? 0;
  const service = trace.services[trace.service[row] ?? 0] ?? "";
  const name = trace.names[trace.name[row] ?? 0] ?? "";
  const detail = trace.detail[row] ?? "";
  const children = tree.children[row] ?? 0;
  const isSegment = (flags & SEGMENT) !== 0;
  const outcome = outcomeOf(flags);
  const status = trace.status[row] ?? 0;
  const colour = serviceToken(service);
  const icon: IconName | null = flags & AWS ? "cloud" : flags & REMOTE ? "globe" : null;
  const indent = Math.min(depth, DEEPEST) * INDENT;
  return (
    <div
      className={styles.row}
      style={{ transform: `translateY(${top}px)`, height }}
      role="treeitem"
      tabIndex={props.isCursor ? 0 : -1}
      aria-level={depth + 1}
      aria-posinset={tree.place[row]}
      aria-setsize={tree.siblings[row]}
      aria-selected={props.isChosen}
      {...(children > 0 && { "aria-expanded": !props.isCollapsed })}
      data-row={row}
      data-segment={isSegment || undefined}
      data-chosen={props.isChosen || undefined}
      data-cursor={props.isCursor || undefined}
      data-found={props.isFound || undefined}
      onClick={(event) => {
        if ((event.target as Element).closest("[data-toggle]")) onToggle(row);
        else onOpen(row);
      }}
      onKeyDown={(event) => {
        if (event.key === " ") {
          event.preventDefault();
          onOpen(row);
        }
      }}
    >
      <div className={styles.tree} style={{ width: treeWidth }}>
        <span
          className={styles.guides}
          style={{ width: indent, backgroundSize: `${INDENT}px 100%` }}
          aria-hidden="true"
        />
        {children > 0 ? (
          <span className={styles.expander} data-toggle aria-hidden="true">
            <Icon name={props.isCollapsed ? "right" : "down"} size={14} />
          </span>
        ) : (
          <span className={styles.leaf} />
        )}
        <i className={styles.colour} style={{ backgroundColor: colour }} />
        {icon && (
          <span className={styles.icon}>
            <Icon name={icon} size={14} />
          </span>
        )}
        {flags & ORPHAN ? (
          <span
            className={styles.orphan}
            title="Detached: the span it names as its parent has not come"
          >
            <Icon name="broken" size={13} />
          </span>
        ) : null}
        <span
          className={styles.name}
          title={[name, detail, isSegment ? "" : service].filter(Boolean).join("\n")}
        >
          <b>{name}</b>
          {detail && <span className={styles.detail}>{detail}</span>}
        </span>
        {props.isCollapsed && (
          <span className={styles.hidden}>+{count((tree.end[row] ?? row) - row - 1)}</span>
        )}
        {status >= 400 && (
          <span className={styles.status} style={{ color: `var(--${outcome})` }}>
            {status}
          </span>
        )}
        {outcome !== "ok" && <OutcomeMark outcome={outcome} bare />}
        <span className="visually-hidden">{spoken(trace, row)}</span>
      </div>
      <Bar {...props} colour={colour} />
    </div>
  );
}

function Bar({ trace, row, from, to, colour }: RowProps & { colour: string }) {
  const flags = trace.flags[row] ?? 0;
  const start = trace.offset_us[row] ?? 0;
  const span = trace.span_us[row] ?? 0;
  const isOpen = (flags & IN_PROGRESS) !== 0 || span < 0;
  const end = isOpen ? Math.max(to, start) : start + span;
  const left = ((start - from) / (to - from)) * 100;
  const width = ((end - start) / (to - from)) * 100;
  const outcome = outcomeOf(flags);
  const shown = Math.max(0, Math.min(100, left));
  const shownEnd = Math.max(0, Math.min(100, left + width));
  const isOff = left > 100 || left + width < 0;
  const label = isOpen ? "in progress" : duration(span);
  // Outside the bar, at its end; before it where the end is close to the edge; inside a long one.
  const side = shownEnd < 88 ? "after" : shown > 12 ? "before" : "inside";
  const at =
    side === "after"
      ? { left: `${shownEnd}%` }
      : side === "before"
        ? { right: `${100 - shown}%` }
        : { right: `${100 - shownEnd}%` };
  return (
    <div className={styles.track} aria-hidden="true">
      <div
        className={styles.bar}
        data-open={isOpen || undefined}
        data-inferred={(flags & INFERRED) !== 0 || undefined}
        data-outcome={outcome}
        style={{
          left: `${Math.max(-1, left)}%`,
          width: `${Math.min(102, left < -1 ? width + left + 1 : width)}%`,
          color: colour,
        }}
      />
      {isOff ? (
        <span
          className={styles.time}
          data-side={left > 100 ? "later" : "earlier"}
          style={left > 100 ? { right: 0 } : { left: 0 }}
        >
          {left > 100 ? `${label} ›` : `‹ ${label}`}
        </span>
      ) : (
        <span className={styles.time} data-side={side} style={at}>
          {label}
        </span>
      )}
    </div>
  );
}

/** What the bar shows, for those who do not see it. */
function spoken(trace: Skeleton, row: number): string {
  const flags = trace.flags[row] ?? 0;
  const span = trace.span_us[row] ?? -1;
  return [
    flags & SEGMENT ? "segment" : "subsegment",
    flags & INFERRED ? "inferred" : "",
    flags & ORPHAN ? "detached" : "",
    span < 0 ? "in progress" : duration(span),
  ]
    .filter(Boolean)
    .join(", ");
}
