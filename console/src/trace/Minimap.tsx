import { type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Skeleton } from "../api/types";
import { serviceColour } from "../parts/palette";
import { usePalette } from "../parts/theme";
import { useSize } from "../parts/useSize";
import { duration } from "../text/format";
import styles from "./Minimap.module.css";
import { isTrouble } from "./tree";

const HEIGHT = 52;

type Window = readonly [from: number, to: number];

interface MinimapProps {
  trace: Skeleton;
  extent: Window;
  window: Window;
  onWindow: (window: Window) => void;
}

type Stroke =
  | { kind: "draw"; from: number; to: number }
  | { kind: "move"; grabbed: number; window: Window }
  | { kind: "left" | "right" };

/** All spans of the trace in one small picture; drag to choose the window, its edges to change it. */
export function Minimap({ trace, extent, window, onWindow }: MinimapProps) {
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width } = useSize(box);
  const palette = usePalette();
  const [stroke, setStroke] = useState<Stroke | null>(null);
  const [cursor, setCursor] = useState<number | null>(null);
  const colours = useMemo(() => trace.services.map(serviceColour), [trace]);
  const length = extent[1] - extent[0];

  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context || width === 0) return;
    const ratio = globalThis.devicePixelRatio || 1;
    canvas.current.width = Math.round(width * ratio);
    canvas.current.height = HEIGHT * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, width, HEIGHT);
    const count = trace.span_id.length;
    const row = Math.min(4, (HEIGHT - 6) / Math.max(1, count));
    const thick = Math.max(0.8, row * 0.72);
    // Beyond a few hundred rows many share a pixel: translucent, so that density shows.
    context.globalAlpha = row < 0.25 ? 0.35 : 0.85;
    const draw = (index: number, colour: string) => {
      const start = trace.offset_us[index] ?? 0;
      const span = trace.span_us[index] ?? 0;
      const end = span < 0 ? extent[1] : start + span;
      context.fillStyle = colour;
      const x = ((start - extent[0]) / length) * width;
      context.fillRect(x, 3 + index * row, Math.max(0.8, ((end - start) / length) * width), thick);
    };
    for (let index = 0; index < count; index += 1) {
      draw(index, palette.services[colours[trace.service[index] ?? 0] ?? 0] ?? palette.edge);
    }
    context.globalAlpha = 1;
    for (let index = 0; index < count; index += 1) {
      if (isTrouble(trace.flags[index] ?? 0)) draw(index, palette.fault);
    }
  }, [trace, extent, length, width, palette, colours]);

  const at = (event: PointerEvent): number => {
    const left = event.currentTarget.getBoundingClientRect().left;
    const place = Math.max(0, Math.min(1, (event.clientX - left) / Math.max(1, width)));
    return extent[0] + place * length;
  };
  const isWhole = window[0] === extent[0] && window[1] === extent[1];
  const near = (5 / Math.max(1, width)) * length;

  const begin = (event: PointerEvent) => {
    if (event.button !== 0) return;
    event.currentTarget.setPointerCapture(event.pointerId);
    const time = at(event);
    if (!isWhole && Math.abs(time - window[0]) < near) setStroke({ kind: "left" });
    else if (!isWhole && Math.abs(time - window[1]) < near) setStroke({ kind: "right" });
    else if (!isWhole && time > window[0] && time < window[1]) {
      setStroke({ kind: "move", grabbed: time, window });
    } else setStroke({ kind: "draw", from: time, to: time });
  };
  const move = (event: PointerEvent) => {
    const time = at(event);
    setCursor(time);
    if (!stroke) return;
    const least = Math.max(2, length / 5000);
    if (stroke.kind === "draw") setStroke({ ...stroke, to: time });
    else if (stroke.kind === "left") onWindow([Math.min(time, window[1] - least), window[1]]);
    else if (stroke.kind === "right") onWindow([window[0], Math.max(time, window[0] + least)]);
    else if (stroke.kind === "move") {
      const size = stroke.window[1] - stroke.window[0];
      const wanted = stroke.window[0] + time - stroke.grabbed;
      const start = Math.max(extent[0], Math.min(extent[1] - size, wanted));
      onWindow([start, start + size]);
    }
  };
  const finish = () => {
    if (stroke?.kind === "draw") {
      const [from, to] = [Math.min(stroke.from, stroke.to), Math.max(stroke.from, stroke.to)];
      onWindow(to - from < near ? extent : [from, to]);
    }
    setStroke(null);
  };
  const left = (us: number) => `${((us - extent[0]) / length) * 100}%`;
  const drawn = stroke?.kind === "draw" ? stroke : null;
  return (
    <div className={styles.outer}>
      <div
        ref={box}
        className={styles.box}
        style={{ height: HEIGHT }}
        aria-hidden="true"
        data-whole={isWhole || undefined}
        onPointerDown={begin}
        onPointerMove={move}
        onPointerUp={finish}
        onPointerLeave={() => setCursor(null)}
        onDoubleClick={() => onWindow(extent)}
      >
        <canvas ref={canvas} className={styles.canvas} />
        {!isWhole && (
          <>
            <div className={styles.shade} style={{ left: 0, width: left(window[0]) }} />
            <div className={styles.shade} style={{ left: left(window[1]), right: 0 }} />
            <div
              className={styles.window}
              style={{
                left: left(window[0]),
                width: `${((window[1] - window[0]) / length) * 100}%`,
              }}
            />
          </>
        )}
        {drawn && (
          <div
            className={styles.drawn}
            style={{
              left: left(Math.min(drawn.from, drawn.to)),
              width: `${(Math.abs(drawn.to - drawn.from) / length) * 100}%`,
            }}
          />
        )}
        {cursor !== null && (
          <div
            className={styles.cursor}
            data-flip={cursor > extent[0] + length * 0.9 || undefined}
            style={{ left: left(cursor) }}
          >
            <span>{duration(cursor)}</span>
          </div>
        )}
      </div>
    </div>
  );
}
