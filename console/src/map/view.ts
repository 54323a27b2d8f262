/** Pan and zoom arithmetic. */

import type { View } from "./picture";
import type { Bounds } from "./scene";

export const SMALLEST = 0.02;
export const LARGEST = 3;

/** Room for what lies over the picture: the tools above, legend and zoom below. */
const ABOVE = 62;
const BELOW = 56;
const BESIDE = 32;

/** The view that shows all of `bounds` in the middle of what is free, at most a little enlarged. */
export function fitted(bounds: Bounds, width: number, height: number): View {
  return inside(bounds, BESIDE, ABOVE, width - 2 * BESIDE, height - ABOVE - BELOW);
}

/** The view that shows all of `bounds` in the middle of a rectangle. */
export function inside(
  bounds: Bounds,
  left: number,
  top: number,
  width: number,
  height: number,
): View {
  const wide = bounds.right - bounds.left;
  const high = bounds.bottom - bounds.top;
  const k = Math.max(SMALLEST, Math.min(width / wide, height / high, 1.25));
  return {
    k,
    dx: left + (width - wide * k) / 2 - bounds.left * k,
    dy: top + (height - high * k) / 2 - bounds.top * k,
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
