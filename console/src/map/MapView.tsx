import { type KeyboardEvent, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { ServiceMap } from "../api/types";
import { useShortcuts } from "../frame/shortcuts";
import { Button } from "../parts/parts";
import { usePalette } from "../parts/theme";
import { useSize } from "../parts/useSize";
import { neighboursOf } from "./graph";
import type { Layout, Point } from "./layout";
import styles from "./MapView.module.css";
import { Overview } from "./Overview";
import { paint } from "./paint";
import type { View } from "./picture";
import { hit, type Measure, type Scene, sceneOf, spoken, type Unit } from "./scene";
import { centred, fitted, zoomed } from "./view";

const OVERVIEW_FROM = 60;
const SLIDE_MS = 260;

interface MapViewProps {
  map: ServiceMap;
  layout: Layout;
  measure: Measure;
  unit?: Unit;
  /** `node:…` or `edge:…`. */
  selected: string | null;
  found: ReadonlySet<string> | null;
  onSelect: (selection: string | null) => void;
  onFocus?: (node: string) => void;
  /** Changes when the whole map should come into view again. */
  fitKey: string;
}

/** The picture of a service map: pan, zoom, point, choose; with a list of buttons for the keyboard. */
export function MapView(props: MapViewProps) {
  const { map, layout, measure, unit = "rate", selected, found, onSelect, onFocus, fitKey } = props;
  const box = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const size = useSize(box);
  const palette = usePalette();
  const shown = useSliding(layout);
  const scene = useMemo(() => sceneOf(map, shown, measure, unit), [map, shown, measure, unit]);
  const [view, setView] = useState<View | null>(null);
  const [hovered, setHovered] = useState<string | null>(null);
  const [focused, setFocused] = useState<string | null>(null);
  const [fontsReady, setFontsReady] = useState(false);

  useEffect(() => {
    void document.fonts.ready.then(() => setFontsReady(true));
  }, []);

  // Fit when another graph arrives or the element gets its size, not on every refresh.
  const fittedFor = useRef("");
  const isReady = size.width > 0 && scene.nodes.length > 0;
  const goal = useMemo(() => sceneOf(map, layout, measure).bounds, [map, layout, measure]);
  useEffect(() => {
    if (!isReady || fittedFor.current === fitKey) return;
    fittedFor.current = fitKey;
    setView(fitted(goal, size.width, size.height));
  }, [isReady, fitKey, goal, size]);

  useEffect(() => {
    const element = canvas.current;
    const context = element?.getContext("2d");
    if (!element || !context || !view || size.width === 0) return;
    const request = requestAnimationFrame(() => {
      const ratio = window.devicePixelRatio || 1;
      const [width, height] = [Math.round(size.width * ratio), Math.round(size.height * ratio)];
      if (element.width !== width) element.width = width;
      if (element.height !== height) element.height = height;
      const emphasis = { selected, hovered, focused, found };
      paint(context, scene, { ...size, ratio, view, palette, emphasis });
      element.dataset.painted = fontsReady ? "true" : "early";
    });
    return () => cancelAnimationFrame(request);
  }, [scene, view, size, palette, selected, hovered, focused, found, fontsReady]);

  const zoomAt = (factor: number, x = size.width / 2, y = size.height / 2) =>
    setView((before) => before && zoomed(before, factor, x, y));
  const fitAll = () => setView(fitted(scene.bounds, size.width, size.height));

  useWheelZoom(canvas, zoomAt);
  useShortcuts({
    "+": () => zoomAt(1.3),
    "=": () => zoomAt(1.3),
    "-": () => zoomAt(1 / 1.3),
    "0": fitAll,
  });

  const drag = useRef<{ x: number; y: number; view: View; moved: boolean } | null>(null);
  const at = (event: PointerEvent) => {
    if (!view) return null;
    const place = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - place.left - view.dx) / view.k;
    const y = (event.clientY - place.top - view.dy) / view.k;
    return hit(scene, x, y, 5 / view.k);
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = drag.current;
    if (!from) {
      setHovered(at(event));
      return;
    }
    const [dx, dy] = [event.clientX - from.x, event.clientY - from.y];
    if (Math.abs(dx) + Math.abs(dy) > 4) from.moved = true;
    if (from.moved) setView({ ...from.view, dx: from.view.dx + dx, dy: from.view.dy + dy });
  };
  const onPointerUp = (event: PointerEvent) => {
    const from = drag.current;
    drag.current = null;
    if (from && !from.moved) onSelect(at(event));
  };

  const reveal = (id: string) => {
    setFocused(`node:${id}`);
    const node = scene.byId.get(id);
    if (!node || !view) return;
    const [x, y] = [node.x * view.k + view.dx, node.y * view.k + view.dy];
    const isInside = x > 40 && y > 40 && x < size.width - 40 && y < size.height - 60;
    if (!isInside) setView(centred(view, node.x, node.y, size.width, size.height));
  };

  return (
    <div ref={box} className={styles.view}>
      <canvas
        ref={canvas}
        className={styles.canvas}
        data-hot={hovered !== null || undefined}
        aria-hidden="true"
        onPointerDown={(event) => {
          if (event.button !== 0 || !view) return;
          event.currentTarget.setPointerCapture(event.pointerId);
          drag.current = { x: event.clientX, y: event.clientY, view, moved: false };
        }}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerLeave={() => setHovered(null)}
        onDoubleClick={() => {
          if (hovered?.startsWith("node:")) onFocus?.(hovered.slice(5));
        }}
      />
      <NodeList
        map={map}
        scene={scene}
        selected={selected}
        onSelect={onSelect}
        onReveal={reveal}
        onLeave={() => setFocused(null)}
      />
      <Legend />
      <div className={styles.zoom}>
        <Button
          looks={["plain", "small"]}
          icon="plus"
          label="Zoom in (+)"
          onClick={() => zoomAt(1.3)}
        />
        <Button
          looks={["plain", "small"]}
          icon="minus"
          label="Zoom out (−)"
          onClick={() => zoomAt(1 / 1.3)}
        />
        <Button looks={["plain", "small"]} icon="fit" label="Fit all (0)" onClick={fitAll} />
      </div>
      {scene.nodes.length > OVERVIEW_FROM && view && (
        <Overview scene={scene} view={view} size={size} palette={palette} onView={setView} />
      )}
    </div>
  );
}

/** The wheel zooms where it points. Not a React handler: those cannot prevent the page's scroll. */
function useWheelZoom(
  element: { current: HTMLCanvasElement | null },
  zoomAt: (factor: number, x: number, y: number) => void,
): void {
  const latest = useRef(zoomAt);
  latest.current = zoomAt;
  useEffect(() => {
    const target = element.current;
    if (!target) return;
    const listen = (event: WheelEvent) => {
      event.preventDefault();
      const place = target.getBoundingClientRect();
      const lines = event.deltaMode === 1 ? 16 : 1;
      const factor = Math.exp(-event.deltaY * lines * (event.ctrlKey ? 0.01 : 0.0016));
      latest.current(factor, event.clientX - place.left, event.clientY - place.top);
    };
    target.addEventListener("wheel", listen, { passive: false });
    return () => target.removeEventListener("wheel", listen);
  }, [element]);
}

/** The layout on its way from the one before: nodes slide, so that the eye can follow. */
function useSliding(layout: Layout): Layout {
  const [shown, setShown] = useState(layout);
  const from = useRef(layout);
  useEffect(() => {
    const start = from.current;
    const known = Object.keys(layout.places).some((id) => start.places[id]);
    const isStill = matchMedia("(prefers-reduced-motion: reduce)").matches;
    if (start === layout || !known || isStill) {
      from.current = layout;
      setShown(layout);
      return;
    }
    const began = performance.now();
    let request = 0;
    const step = (now: number) => {
      const t = Math.min(1, Math.max(0, (now - began) / SLIDE_MS));
      const eased = 1 - (1 - t) ** 3;
      const next = t === 1 ? layout : between(start, layout, eased);
      from.current = next;
      setShown(next);
      if (t < 1) request = requestAnimationFrame(step);
    };
    request = requestAnimationFrame(step);
    return () => cancelAnimationFrame(request);
  }, [layout]);
  return shown;
}

function between(start: Layout, end: Layout, t: number): Layout {
  const places: Record<string, Point> = {};
  for (const [id, [x, y]] of Object.entries(end.places)) {
    const [ox, oy] = start.places[id] ?? [x, y];
    places[id] = [ox + (x - ox) * t, oy + (y - oy) * t];
  }
  return { places, routes: t > 0.5 ? end.routes : {} };
}

interface NodeListProps {
  map: ServiceMap;
  scene: Scene;
  selected: string | null;
  onSelect: (selection: string | null) => void;
  onReveal: (id: string) => void;
  onLeave: () => void;
}

/** Every node as a button, for the keyboard and for screen readers; one tab stop, arrows move. */
function NodeList({ map, scene, selected, onSelect, onReveal, onLeave }: NodeListProps) {
  const list = useRef<HTMLUListElement>(null);
  const neighbours = useMemo(() => neighboursOf(map), [map]);
  const nodes = useMemo(
    () => [...scene.nodes].sort((a, b) => a.x - b.x || a.y - b.y || (a.id < b.id ? -1 : 1)),
    [scene],
  );
  const [stop, setStop] = useState<string | null>(null);
  const stopId = nodes.some(({ id }) => id === stop) ? stop : (nodes[0]?.id ?? null);

  const move = (event: KeyboardEvent) => {
    const directions: Record<string, Point> = {
      ArrowRight: [1, 0],
      ArrowLeft: [-1, 0],
      ArrowDown: [0, 1],
      ArrowUp: [0, -1],
    };
    const direction = directions[event.key];
    const from = stopId && scene.byId.get(stopId);
    if (!direction || !from) return;
    event.preventDefault();
    event.stopPropagation();
    const next = nearest(scene, from, direction);
    if (!next) return;
    const button = list.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next)}"]`);
    button?.focus();
  };
  return (
    <ul ref={list} className={styles.list} aria-label="Nodes of the service map" onKeyDown={move}>
      {nodes.map((node) => {
        const near = neighbours.get(node.id);
        return (
          <li key={node.id}>
            <button
              type="button"
              data-node={node.id}
              tabIndex={node.id === stopId ? 0 : -1}
              aria-pressed={selected === `node:${node.id}`}
              onFocus={() => {
                setStop(node.id);
                onReveal(node.id);
              }}
              onBlur={onLeave}
              onClick={() => onSelect(`node:${node.id}`)}
            >
              {spoken(node, near?.callers.length ?? 0, near?.callees.length ?? 0)}
            </button>
          </li>
        );
      })}
    </ul>
  );
}

/** The node that lies most straight in a direction. */
function nearest(scene: Scene, from: { id: string; x: number; y: number }, [dx, dy]: Point) {
  let best: string | null = null;
  let least = Number.POSITIVE_INFINITY;
  for (const node of scene.nodes) {
    const ahead = (node.x - from.x) * dx + (node.y - from.y) * dy;
    const aside = Math.abs((node.x - from.x) * dy + (node.y - from.y) * dx);
    if (node.id === from.id || ahead <= 8) continue;
    const cost = ahead + aside * 2;
    if (cost < least) {
      least = cost;
      best = node.id;
    }
  }
  return best;
}

function Legend() {
  return (
    <div className={styles.legend} aria-hidden="true">
      {(["ok", "error", "throttle", "fault"] as const).map((outcome) => (
        <span key={outcome}>
          <i data-outcome={outcome} />
          {{ ok: "OK", error: "Error 4xx", throttle: "Throttled 429", fault: "Fault 5xx" }[outcome]}
        </span>
      ))}
      <span>
        <i data-dashed />
        Inferred
      </span>
    </div>
  );
}
