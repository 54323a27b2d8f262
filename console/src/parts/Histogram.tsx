import { type PointerEvent, useId, useMemo, useRef, useState } from "react";
import type { Counts } from "../api/types";
import { count, duration } from "../text/format";
import styles from "./Histogram.module.css";
import { along, axisOf, barsOf, snapped, ticksOf, timeAt } from "./histogram";
import { useSize } from "./useSize";

const HEIGHT = 120;
const BASE = HEIGHT - 20;
const TOP = 16;

interface HistogramProps {
  counts: Counts;
  /** Drawn as an outline behind, on the same axis: the other end's view of the same calls. */
  compared?: Counts | undefined;
  /** The chosen stretch in µs. */
  brush?: [number, number] | null;
  onBrush?: (brush: [number, number] | null) => void;
}

/** Response times on a logarithmic axis, with the quantiles; drag over it to choose a stretch. */
export function Histogram({ counts, compared, brush = null, onBrush }: HistogramProps) {
  const box = useRef<HTMLDivElement>(null);
  const { width } = useSize(box);
  const [stroke, setStroke] = useState<[number, number] | null>(null);
  const title = useId();
  const bars = useMemo(() => barsOf(counts.histogram), [counts]);
  const others = useMemo(() => barsOf(compared?.histogram ?? []), [compared]);
  const axis = useMemo(() => axisOf([...bars, ...others]), [bars, others]);
  if (bars.length === 0) return <p className={styles.none}>No finished request to measure.</p>;

  const x = (us: number) => along(us, axis) * width;
  const most = Math.max(...bars.map((bar) => bar.count));
  const mostOther = Math.max(1, ...others.map((bar) => bar.count));
  const timeOf = (event: PointerEvent) => {
    const left = event.currentTarget.getBoundingClientRect().left;
    return timeAt(Math.max(0, Math.min(1, (event.clientX - left) / Math.max(width, 1))), axis);
  };
  const shown = stroke ? snapped(bars, ...stroke) : brush;
  const quantiles = [
    ["p50", counts.p50_us],
    ["p95", counts.p95_us],
    ["p99", counts.p99_us],
  ] as const;
  const inside = (from: number, to: number) => !shown || (to > shown[0] && from < shown[1]);
  const summary = `${count(bars.reduce((sum, bar) => sum + bar.count, 0))} requests from ${duration(
    bars[0]?.from ?? 0,
  )} to ${duration(bars.at(-1)?.to ?? 0)}${counts.p50_us == null ? "" : `, half below ${duration(counts.p50_us)}`}`;

  return (
    <div ref={box} className={styles.box}>
      <svg
        className={onBrush ? styles.brushable : undefined}
        width={width}
        height={HEIGHT}
        role="img"
        aria-labelledby={title}
        onPointerDown={(event) => {
          if (!onBrush) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          setStroke([timeOf(event), timeOf(event)]);
        }}
        onPointerMove={(event) => {
          if (stroke) setStroke([stroke[0], timeOf(event)]);
        }}
        onPointerUp={() => {
          if (!stroke || !onBrush) return;
          setStroke(null);
          const isClick = Math.abs(x(stroke[0]) - x(stroke[1])) < 3;
          onBrush(
            isClick && brush ? null : snapped(bars, stroke[0], stroke[1] * (isClick ? 1.0001 : 1)),
          );
        }}
      >
        <title id={title}>{summary}</title>
        {ticksOf(axis).map((tick) => (
          <g key={tick} className={styles.tick}>
            <line x1={x(tick)} x2={x(tick)} y1={TOP} y2={BASE} />
            <text x={x(tick)} y={HEIGHT - 6}>
              {duration(tick)}
            </text>
          </g>
        ))}
        {others.map((bar) => {
          const height = (bar.count / mostOther) * (BASE - TOP);
          return (
            <rect
              key={bar.to}
              className={styles.other}
              x={x(bar.from)}
              width={Math.max(1.5, x(bar.to) - x(bar.from))}
              y={BASE - height}
              height={height}
            />
          );
        })}
        {bars.map((bar) => {
          const height = Math.max(1.5, (bar.count / most) * (BASE - TOP));
          return (
            <rect
              key={bar.to}
              className={inside(bar.from, bar.to) ? styles.bar : styles.outside}
              x={x(bar.from) + 0.5}
              width={Math.max(1.5, x(bar.to) - x(bar.from) - 1)}
              y={BASE - height}
              height={height}
              rx={1}
            >
              <title>{`${duration(bar.from)} to ${duration(bar.to)}: ${count(bar.count)}`}</title>
            </rect>
          );
        })}
        {shown && (
          <rect
            className={styles.brush}
            x={x(shown[0])}
            width={Math.max(2, x(shown[1]) - x(shown[0]))}
            y={TOP - 4}
            height={BASE - TOP + 4}
            rx={3}
          />
        )}
        <line className={styles.base} x1={0} x2={width} y1={BASE + 0.5} y2={BASE + 0.5} />
        {quantiles.map(([name, us], index) =>
          us == null ? null : (
            <g key={name} className={styles.quantile}>
              <line x1={x(us)} x2={x(us)} y1={TOP - 4} y2={BASE} />
              {clear(
                quantiles.map(([, value]) => (value == null ? -99 : x(value))),
                index,
              ) && (
                <text x={Math.min(Math.max(x(us), 10), width - 10)} y={9}>
                  {name}
                </text>
              )}
            </g>
          ),
        )}
      </svg>
      {onBrush && !shown && (
        <p className={styles.hint}>Drag over the bars to choose response times</p>
      )}
    </div>
  );
}

/** Whether a quantile's name has room: the later one gives way. */
function clear(places: number[], index: number): boolean {
  return places.every(
    (place, other) => other >= index || Math.abs(place - (places[index] ?? 0)) > 24,
  );
}
