/** What the painters are told beside the scene. */

import type { Palette } from "../parts/palette";
import type { Bounds } from "./scene";

/** From scene to CSS pixels: `x * k + dx`. */
export interface View {
  k: number;
  dx: number;
  dy: number;
}

export interface Emphasis {
  /** `node:…` or `edge:…`. */
  selected: string | null;
  hovered: string | null;
  /** Has the keyboard. */
  focused: string | null;
  /** Matches of the search box; null while nothing is searched. */
  found: ReadonlySet<string> | null;
}

export interface Frame {
  width: number;
  height: number;
  ratio: number;
  view: View;
  palette: Palette;
  emphasis: Emphasis;
}

export const FONT = '"Inter", system-ui, sans-serif';
/** The part of the scene that is on the canvas. */
export function visible({ view, width, height }: Pick<Frame, "view" | "width" | "height">): Bounds {
  return {
    left: -view.dx / view.k,
    top: -view.dy / view.k,
    right: (width - view.dx) / view.k,
    bottom: (height - view.dy) / view.k,
  };
}
