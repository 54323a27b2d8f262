import { type PointerEvent, type ReactNode, useRef } from "react";
import styles from "./SidePanel.module.css";
import { useRemembered } from "./storage";

const LEAST = 320;
const MOST = 760;

interface SidePanelProps {
  /** Where the width is remembered. */
  name: string;
  label: string;
  width: number;
  children: ReactNode;
}

/** The panel at the right of a page; its left edge can be dragged or moved with the arrow keys. */
export function SidePanel({ name, label, width: initial, children }: SidePanelProps) {
  const [width, setWidth] = useRemembered(`panel.${name}`, initial);
  const dragged = useRef<{ x: number; width: number } | null>(null);
  const clamp = (value: number) => Math.max(LEAST, Math.min(MOST, value));
  const move = (event: PointerEvent) => {
    if (dragged.current) setWidth(clamp(dragged.current.width + dragged.current.x - event.clientX));
  };
  return (
    <aside className={styles.panel} style={{ width }} aria-label={label}>
      <div
        className={styles.edge}
        role="separator"
        aria-orientation="vertical"
        aria-label="Width of the panel"
        aria-valuenow={width}
        aria-valuemin={LEAST}
        aria-valuemax={MOST}
        tabIndex={0}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture(event.pointerId);
          dragged.current = { x: event.clientX, width };
        }}
        onPointerMove={move}
        onPointerUp={() => {
          dragged.current = null;
        }}
        onKeyDown={(event) => {
          if (event.key === "ArrowLeft") setWidth(clamp(width + 24));
          else if (event.key === "ArrowRight") setWidth(clamp(width - 24));
          else return;
          event.preventDefault();
          event.stopPropagation();
        }}
      />
      <div className={styles.content}>{children}</div>
    </aside>
  );
}
