import { defaultRangeExtractor, type Range as Rows, useVirtualizer } from "@tanstack/react-virtual";
import { type PointerEvent, useCallback, useEffect, useMemo, useRef, useState } from "react";
import type { Skeleton } from "../api/types";
import { useShortcuts } from "../frame/shortcuts";
import { Icon } from "../parts/Icon";
import { Button, partStyles } from "../parts/parts";
import { useRemembered } from "../parts/storage";
import { useSize } from "../parts/useSize";
import { count, duration, plural } from "../text/format";
import { parseWindow, viewOf, viewText, windowText } from "../url/search";
import { useAddress } from "../url/useAddress";
import { Minimap } from "./Minimap";
import { Row } from "./Row";
import styles from "./Timeline.module.css";
import {
  allParents,
  extentOf,
  isTrouble,
  matches,
  nextOf,
  rulerTicks,
  treeOf,
  visibleRows,
  withAncestors,
} from "./tree";

const ROW = 26;

interface TimelineProps {
  trace: Skeleton;
  /** Row whose panel is open; -1 when none is. */
  chosen: number;
  onChoose: (row: number | null) => void;
}

/** The waterfall: the tree of spans at the left, their bars at the right, only visible rows in the DOM. */
export function Timeline({ trace, chosen, onChoose }: TimelineProps) {
  const { search, set } = useAddress();
  const view = useMemo(() => viewOf(search.v), [search.v]);
  const onlyErrors = view.get("errors") === "1";
  const tree = useMemo(() => treeOf(trace), [trace]);
  const extent = useMemo(() => extentOf(trace), [trace]);
  const [collapsed, setCollapsed] = useState<ReadonlySet<number>>(new Set());
  const [cursor, setCursor] = useState(Math.max(0, chosen));
  const [sought, setSought] = useState("");
  const find = useRef<HTMLInputElement>(null);

  const trouble = useMemo(
    () => trace.flags.flatMap((flags, row) => (isTrouble(flags) ? [row] : [])),
    [trace],
  );
  const kept = useMemo(
    () =>
      onlyErrors ? withAncestors(trace.parent, (row) => isTrouble(trace.flags[row] ?? 0)) : null,
    [onlyErrors, trace],
  );
  const rows = useMemo(() => visibleRows(tree, collapsed, kept), [tree, collapsed, kept]);
  const found = useMemo(
    () => matches(trace, sought).filter((row) => !kept || kept[row] === 1),
    [trace, sought, kept],
  );
  const foundSet = useMemo(() => new Set(found), [found]);

  const [window, setWindow] = useWindow(extent);
  const scroller = useRef<HTMLDivElement>(null);
  const inner = useRef<HTMLDivElement>(null);
  const { width } = useSize(inner);
  const [treeWidth, setTreeWidth] = useRemembered("trace.tree", 420);
  const left = Math.min(treeWidth, Math.max(180, width * 0.6));
  const cursorIndex = rows.indexOf(cursor);

  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
    // The row with the keyboard stays in the document, so that it can keep the focus.
    rangeExtractor: (range: Rows) => {
      const indexes = defaultRangeExtractor(range);
      if (cursorIndex < 0 || indexes.includes(cursorIndex)) return indexes;
      return [...indexes, cursorIndex].sort((a, b) => a - b);
    },
  });

  /** Opens what hides a row, puts the cursor on it and brings it into view. */
  const goTo = useCallback(
    (row: number) => {
      let next = collapsed;
      for (let up = trace.parent[row] ?? -1; up >= 0; up = trace.parent[up] ?? -1) {
        if (next.has(up)) {
          const opened = new Set(next);
          opened.delete(up);
          next = opened;
        }
      }
      if (next !== collapsed) setCollapsed(next);
      setCursor(row);
      moved.current = true;
      if (chosen >= 0) onChoose(row);
    },
    [collapsed, trace, chosen, onChoose],
  );
  const moved = useRef(chosen > 0);
  useEffect(() => {
    if (!moved.current || cursorIndex < 0) return;
    moved.current = false;
    virtual.scrollToIndex(cursorIndex, { align: "auto" });
    const isElsewhere = document.activeElement?.closest("[data-panel], input");
    if (!isElsewhere) {
      requestAnimationFrame(() => {
        scroller.current
          ?.querySelector<HTMLElement>('[tabindex="0"]')
          ?.focus({ preventScroll: true });
      });
    }
  }, [cursorIndex, virtual]);

  const toggle = useCallback((row: number) => {
    setCollapsed((before) => {
      const next = new Set(before);
      if (!next.delete(row)) next.add(row);
      return next;
    });
  }, []);
  const step = (by: number) => {
    const next = rows[Math.max(0, Math.min(rows.length - 1, cursorIndex + by))];
    if (next !== undefined) goTo(next);
  };
  const hasChildren = (row: number) => (tree.children[row] ?? 0) > 0;
  const pan = (share: number) => setWindow(([from, to]) => moveWindow(from, to, share, extent));
  const zoom = (factor: number, at = 0.5) =>
    setWindow(([from, to]) => zoomWindow(from, to, factor, at, extent));
  const whole = () => setWindow(extent);
  const goToFound = (direction: 1 | -1) => {
    const next = nextOf(found, cursor, direction);
    if (next >= 0) goTo(next);
  };
  const goToTrouble = () => {
    const next = nextOf(trouble, cursor, 1);
    if (next >= 0) goTo(next);
  };
  const collapseAll = () => {
    setCollapsed(allParents(tree, trace.parent));
    setCursor(0);
  };
  const setErrors = (on: boolean) => {
    view.set("errors", on ? "1" : "");
    set({ v: viewText(view) }, true);
  };

  useShortcuts({
    j: () => step(1),
    k: () => step(-1),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    Home: () => goTo(rows[0] ?? 0),
    End: () => goTo(rows.at(-1) ?? 0),
    ArrowLeft: () => {
      if (hasChildren(cursor) && !collapsed.has(cursor)) toggle(cursor);
      else if ((trace.parent[cursor] ?? -1) >= 0) goTo(trace.parent[cursor] ?? 0);
    },
    ArrowRight: () => {
      if (hasChildren(cursor) && collapsed.has(cursor)) toggle(cursor);
      else step(1);
    },
    "Shift+ArrowLeft": collapseAll,
    "Shift+ArrowRight": () => setCollapsed(new Set()),
    e: goToTrouble,
    n: () => goToFound(1),
    N: () => goToFound(-1),
    a: () => pan(-0.2),
    d: () => pan(0.2),
    w: () => zoom(0.7),
    s: () => zoom(1 / 0.7),
    "0": whole,
    Enter: () => onChoose(cursor),
    Escape: () => onChoose(null),
  });

  useTrackWheel(scroller, left, (factor, at) => zoom(factor, at));
  const [from, to] = window;
  const isZoomed = from !== extent[0] || to !== extent[1];
  const ticks = useMemo(
    () => rulerTicks(from, to, Math.max(2, Math.floor((width - left) / 130))),
    [from, to, width, left],
  );
  const place = (us: number) => ((us - from) / (to - from)) * 100;

  return (
    <div className={styles.timeline}>
      <div className={styles.tools}>
        <label className={styles.find}>
          <Icon name="search" size={15} />
          <input
            ref={find}
            type="search"
            className={partStyles.input}
            placeholder="Find in trace"
            aria-label="Find in trace"
            value={sought}
            onChange={(event) => setSought(event.target.value)}
            onKeyDown={(event) => {
              if (event.key === "Enter") goToFound(event.shiftKey ? -1 : 1);
              if (event.key === "Escape") {
                setSought("");
                event.currentTarget.blur();
              }
            }}
          />
        </label>
        {sought.trim() !== "" && (
          <span className={styles.matches}>
            <output>{plural(found.length, "match", "matches")}</output>
            <Button
              looks={["plain", "small"]}
              icon="left"
              label="Previous match (N)"
              onClick={() => goToFound(-1)}
            />
            <Button
              looks={["plain", "small"]}
              icon="right"
              label="Next match (n)"
              onClick={() => goToFound(1)}
            />
          </span>
        )}
        <Button
          looks={["small"]}
          aria-pressed={onlyErrors}
          disabled={trouble.length === 0}
          onClick={() => setErrors(!onlyErrors)}
        >
          Only errors
        </Button>
        <Button looks={["plain", "small"]} disabled={trouble.length === 0} onClick={goToTrouble}>
          Next error
        </Button>
        <span className={styles.spring} />
        {isZoomed && (
          <Button looks={["plain", "small"]} icon="fit" onClick={whole}>
            Whole trace
          </Button>
        )}
        <Button looks={["plain", "small"]} onClick={collapseAll}>
          Collapse all
        </Button>
        <Button
          looks={["plain", "small"]}
          disabled={collapsed.size === 0}
          onClick={() => setCollapsed(new Set())}
        >
          Expand all
        </Button>
      </div>
      <Minimap trace={trace} extent={extent} window={window} onWindow={(next) => setWindow(next)} />
      <div className={styles.ruler}>
        <span style={{ width: left }} className={styles.showing}>
          {rows.length === tree.count
            ? plural(tree.count, "span")
            : `${count(rows.length)} of ${plural(tree.count, "span")} shown`}
        </span>
        <div className={styles.ticks} style={{ width: width - left }}>
          {ticks.map((tick) => (
            <span key={tick} style={{ left: `${place(tick)}%` }}>
              {duration(tick)}
            </span>
          ))}
        </div>
        <Divider left={left} onChange={setTreeWidth} />
      </div>
      <div ref={scroller} className={styles.scroll}>
        <div
          ref={inner}
          className={styles.rows}
          style={{ height: virtual.getTotalSize() }}
          role="tree"
          aria-label="Spans of the trace"
        >
          <div className={styles.grid} style={{ left }} aria-hidden="true">
            {ticks.map((tick) => (
              <i key={tick} style={{ left: `${place(tick)}%` }} />
            ))}
          </div>
          {virtual.getVirtualItems().map((item) => {
            const row = rows[item.index] ?? 0;
            return (
              <Row
                key={row}
                trace={trace}
                tree={tree}
                row={row}
                top={item.start}
                height={ROW}
                treeWidth={left}
                from={from}
                to={to}
                isCollapsed={collapsed.has(row)}
                isCursor={row === cursor}
                isChosen={row === chosen}
                isFound={foundSet.has(row)}
                onToggle={toggle}
                onOpen={(opened) => {
                  setCursor(opened);
                  onChoose(opened);
                }}
              />
            );
          })}
        </div>
      </div>
    </div>
  );
}

type Window = readonly [from: number, to: number];

/** The visible window in µs; follows the address and writes it there when it has come to rest. */
function useWindow(
  extent: Window,
): [Window, (next: Window | ((before: Window) => Window)) => void] {
  const { search, set } = useAddress();
  const given = parseWindow(search.win);
  const [window, setWindow] = useState<Window>(() =>
    given ? [given[0] * 1000, given[1] * 1000] : extent,
  );
  const text =
    window[0] === extent[0] && window[1] === extent[1]
      ? undefined
      : windowText([window[0] / 1000, window[1] / 1000]);
  useEffect(() => {
    if (text === search.win) return;
    const timer = setTimeout(() => set({ win: text }, true), 250);
    return () => clearTimeout(timer);
  }, [text, search.win, set]);
  return [window, setWindow];
}

function moveWindow(from: number, to: number, share: number, extent: Window): Window {
  const length = to - from;
  const start = Math.max(extent[0], Math.min(extent[1] - length, from + share * length));
  return [start, start + length];
}

function zoomWindow(from: number, to: number, factor: number, at: number, extent: Window): Window {
  const length = Math.max(2, Math.min(extent[1] - extent[0], (to - from) * factor));
  const centre = from + (to - from) * at;
  const start = Math.max(extent[0], Math.min(extent[1] - length, centre - length * at));
  return [start, start + length];
}

/** Ctrl + wheel over the bars zooms where it points. */
function useTrackWheel(
  element: { current: HTMLElement | null },
  left: number,
  zoom: (factor: number, at: number) => void,
): void {
  const latest = useRef({ left, zoom });
  latest.current = { left, zoom };
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const listen = (event: WheelEvent) => {
      if (!event.ctrlKey) return;
      event.preventDefault();
      const box = target.getBoundingClientRect();
      const start = box.left + latest.current.left;
      const at = (event.clientX - start) / Math.max(1, target.clientWidth - latest.current.left);
      latest.current.zoom(Math.exp(event.deltaY * 0.004), Math.max(0, Math.min(1, at)));
    };
    target.addEventListener("wheel", listen, { passive: false });
    return () => target.removeEventListener("wheel", listen);
  }, [element]);
}

/** The line between tree and bars, to drag. */
function Divider({ left, onChange }: { left: number; onChange: (width: number) => void }) {
  const dragged = useRef<{ x: number; left: number } | null>(null);
  return (
    <div
      className={styles.divider}
      style={{ left }}
      aria-hidden="true"
      onPointerDown={(event: PointerEvent) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        dragged.current = { x: event.clientX, left };
      }}
      onPointerMove={(event: PointerEvent) => {
        const start = dragged.current;
        if (start) onChange(Math.max(180, start.left + event.clientX - start.x));
      }}
      onPointerUp={() => {
        dragged.current = null;
      }}
    />
  );
}
