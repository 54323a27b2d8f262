import { type PointerEvent, useEffect, useMemo, useRef } from "react";
import type { Palette } from "../parts/palette";
import styles from "./Overview.module.css";
import { type View, visible } from "./picture";
import { RADIUS, type Scene } from "./scene";
import { centred, inside } from "./view";

const WIDTH = 190;
const HEIGHT = 120;

interface OverviewProps {
  scene: Scene;
  view: View;
  size: { width: number; height: number };
  palette: Palette;
  onView: (view: View) => void;
}

/** The whole map in a corner, with the visible part as a frame; click or drag to go there. */
export function Overview({ scene, view, size, palette, onView }: OverviewProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const own = useMemo(() => inside(scene.bounds, 6, 6, WIDTH - 12, HEIGHT - 12), [scene]);
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    if (!canvas.current || !context) return;
    const ratio = window.devicePixelRatio || 1;
    canvas.current.width = WIDTH * ratio;
    canvas.current.height = HEIGHT * ratio;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    for (const node of scene.nodes) {
      const isTroubled = node.badge !== "";
      context.fillStyle = isTroubled ? palette.fault : palette.edge;
      context.beginPath();
      const radius = Math.max(isTroubled ? 2 : 1.4, RADIUS * own.k);
      context.arc(node.x * own.k + own.dx, node.y * own.k + own.dy, radius, 0, 2 * Math.PI);
      context.fill();
    }
    const seen = visible({ view, ...size });
    context.strokeStyle = palette.link;
    context.lineWidth = 1.5;
    context.strokeRect(
      seen.left * own.k + own.dx,
      seen.top * own.k + own.dy,
      (seen.right - seen.left) * own.k,
      (seen.bottom - seen.top) * own.k,
    );
  }, [scene, view, size, palette, own]);
  const go = (event: PointerEvent) => {
    if (event.buttons !== 1) return;
    const place = event.currentTarget.getBoundingClientRect();
    const x = (event.clientX - place.left - own.dx) / own.k;
    const y = (event.clientY - place.top - own.dy) / own.k;
    onView(centred(view, x, y, size.width, size.height));
  };
  return (
    <canvas
      ref={canvas}
      className={styles.overview}
      style={{ width: WIDTH, height: HEIGHT }}
      aria-hidden="true"
      onPointerDown={(event) => {
        event.currentTarget.setPointerCapture(event.pointerId);
        go(event);
      }}
      onPointerMove={go}
    />
  );
}
