import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { TraceRow } from "../api/types";
import { usePalette } from "../parts/theme";
import { useSize } from "../parts/useSize";
import { day, duration, moment, plural } from "../text/format";
import { useAddress } from "../url/useAddress";
import styles from "./TracesPlot.module.css";

const HEIGHT = 84;
const LEFT = 64;
const RIGHT = 24;
const TOP = 8;
const BOTTOM = 18;

interface TracesPlotProps {
  traces: TraceRow[];
  startUs: number;
  endUs: number;
  onRange: (startUs: number, endUs: number) => void;
}

/** The loaded traces as points, time across and duration up (logarithmic); drag for a new range. */
export function TracesPlot({ traces, startUs, endUs, onRange }: TracesPlotProps) {
  const { search } = useAddress();
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(box);
  const palette = usePalette();
  const [stroke, setStroke] = useState<[number, number] | null>(null);
  const [low, high] = useMemo(() => extent(traces), [traces]);
  const room = Math.max(1, width - LEFT - RIGHT);
  const oldest = traces.at(-1)?.start_us ?? startUs;

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || width === 0) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.current.width = width * ratio;
    canvas.current.height = HEIGHT * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    const x = (us: number) => LEFT + ((us - startUs) / (endUs - startUs)) * room;
    const y = (us: number) =>
      HEIGHT -
      BOTTOM -
      (Math.log(Math.max(us, 1) / low) / Math.log(high / low)) * (HEIGHT - TOP - BOTTOM);
    context.font = '500 10px "Inter", system-ui, sans-serif';
    context.fillStyle = palette.textFaint;
    context.strokeStyle = palette.border;
    context.lineWidth = 1;
    context.textAlign = "right";
    context.textBaseline = "middle";
    // A line for every decade, or for every second or third where they would touch.
    const decade = (HEIGHT - TOP - BOTTOM) / Math.log10(high / low);
    const step = 10 ** Math.ceil(15 / decade);
    for (let tick = 10 ** Math.ceil(Math.log10(low)); tick <= high; tick *= step) {
      context.beginPath();
      context.moveTo(LEFT, Math.round(y(tick)) + 0.5);
      context.lineTo(width - RIGHT, Math.round(y(tick)) + 0.5);
      context.stroke();
      context.fillText(duration(tick), LEFT - 8, y(tick));
    }
    context.textBaseline = "alphabetic";
    const isOneDay = day(startUs, search.tz) === day(endUs, search.tz);
    const steps = Math.max(2, Math.floor(room / 170));
    for (let step = 0; step <= steps; step += 1) {
      const at = startUs + ((endUs - startUs) * step) / steps;
      context.textAlign = step === 0 ? "left" : step === steps ? "right" : "center";
      const text = isOneDay ? moment(at, search.tz).split(", ").at(-1) : moment(at, search.tz);
      context.fillText(text ?? "", x(at), HEIGHT - 4);
    }
    const order = ["ok", "error", "throttle", "fault"];
    const sorted = [...traces].sort((a, b) => order.indexOf(a.outcome) - order.indexOf(b.outcome));
    for (const trace of sorted) {
      const isOk = trace.outcome === "ok";
      context.fillStyle = palette[trace.outcome as "ok"] ?? palette.unknown;
      context.globalAlpha = isOk ? 0.55 : 0.9;
      mark(context, trace.outcome, x(trace.start_us), y(trace.duration_us));
    }
    context.globalAlpha = 1;
  }, [traces, startUs, endUs, width, room, palette, low, high, search.tz]);

  const timeAt = (event: PointerEvent) => {
    const left = event.currentTarget.getBoundingClientRect().left + LEFT;
    const place = Math.max(0, Math.min(1, (event.clientX - left) / room));
    return startUs + place * (endUs - startUs);
  };
  const left = (us: number) => LEFT + ((us - startUs) / (endUs - startUs)) * room;
  return (
    <div ref={box} className={styles.box}>
      <canvas
        ref={canvas}
        style={{ width: "100%", height: HEIGHT }}
        role="img"
        aria-label={`${plural(traces.length, "trace")} by time and duration, from ${duration(low)} to ${duration(high)}`}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          setStroke([timeAt(event), timeAt(event)]);
        }}
        onPointerMove={(event) => stroke && setStroke([stroke[0], timeAt(event)])}
        onPointerUp={() => {
          if (!stroke) return;
          setStroke(null);
          const [from, to] = [Math.min(...stroke), Math.max(...stroke)];
          if (left(to) - left(from) > 4) onRange(from, to);
        }}
      />
      {oldest > startUs + (endUs - startUs) * 0.02 && traces.length >= 100 && (
        <div
          className={styles.unread}
          style={{ left: LEFT, width: Math.max(0, left(oldest) - LEFT) }}
          title="Older traces of the range load as you scroll"
        />
      )}
      {stroke && (
        <div
          className={styles.stroke}
          style={{
            left: left(Math.min(...stroke)),
            width: Math.abs(left(stroke[1]) - left(stroke[0])),
          }}
        />
      )}
    </div>
  );
}

/** A circle for OK; other outcomes have a shape of their own as well as a colour. */
function mark(context: CanvasRenderingContext2D, outcome: string, x: number, y: number): void {
  context.beginPath();
  if (outcome === "ok") context.arc(x, y, 2.2, 0, 2 * Math.PI);
  else if (outcome === "fault") {
    context.moveTo(x, y - 4);
    context.lineTo(x + 3.8, y + 3);
    context.lineTo(x - 3.8, y + 3);
  } else if (outcome === "throttle") context.rect(x - 2.6, y - 2.6, 5.2, 5.2);
  else {
    context.moveTo(x, y - 3.6);
    context.lineTo(x + 3.6, y);
    context.lineTo(x, y + 3.6);
    context.lineTo(x - 3.6, y);
  }
  context.fill();
}

/** Shortest and longest duration with some air, at least two decades apart. */
function extent(traces: readonly TraceRow[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = 1;
  for (const { duration_us } of traces) {
    low = Math.min(low, Math.max(1, duration_us));
    high = Math.max(high, duration_us);
  }
  if (!Number.isFinite(low)) return [1e3, 1e6];
  const spare = Math.max(1.25, Math.sqrt(100 / (high / low)));
  return [low / spare, high * spare];
}
