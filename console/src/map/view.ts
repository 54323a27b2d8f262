/** Pan and zoom arithmetic. */

import type { View } from "./paint";
import type { Bounds } from "./scene";

export const SMALLEST = 0.06;
export const LARGEST = 3;

/** The view that shows all of `bounds`, in the middle, at most a little enlarged. */
export function fitted(bounds: Bounds, width: number, height: number, margin = 36): View {
  const wide = bounds.right - bounds.left;
  const high = bounds.bottom - bounds.top;
  const k = Math.max(
    SMALLEST,
    Math.min((width - 2 * margin) / wide, (height - 2 * margin) / high, 1.25),
  );
  return {
    k,
    dx: (width - wide * k) / 2 - bounds.left * k,
    dy: (height - high * k) / 2 - bounds.top * k,
  };
}

/** Zooms by `factor` while the point (x, y) of the canvas stays where it is. */
export function zoomed(view: View, factor: number, x: number, y: number): View {
  const k = Math.max(SMALLEST, Math.min(LARGEST, view.k * factor));
  const change = k / view.k;
  return { k, dx: x - (x - view.dx) * change, dy: y - (y - view.dy) * change };
}

/** The same zoom with (x, y) of the scene in the middle. */
export function centred(view: View, x: number, y: number, width: number, height: number): View {
  return { k: view.k, dx: width / 2 - x * view.k, dy: height / 2 - y * view.k };
}
