/** The words on the map: names and types of nodes, numbers of edges. */

import { FONT, type Frame } from "./picture";
import { type Bounds, pointsAlong, RADIUS, type Scene, type SceneNode } from "./scene";

/** Where along an edge its numbers may stand, the best place first. */
const ALONG = [0.5, 0.4, 0.6, 0.3, 0.7];

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/**
 * Writes the labels. They keep their size on the screen; where there is no room the heavier node keeps
 * its own. `alphaOfOthers` is for what is not in `lit`: 0 leaves it out.
 */
export function drawLabels(
  context: CanvasRenderingContext2D,
  scene: Scene,
  frame: Frame,
  lit: ReadonlySet<string> | null,
  alphaOfOthers: number,
  seen: Bounds,
): void {
  const taken: Box[] = [];
  const inside = scene.nodes.filter(
    ({ x, y }) =>
      x > seen.left - 60 && x < seen.right + 60 && y > seen.top - 60 && y < seen.bottom + 60,
  );
  const { emphasis } = frame;
  const first = ({ id }: SceneNode) => {
    const key = `node:${id}`;
    if (key === emphasis.hovered || key === emphasis.selected || key === emphasis.focused) return 2;
    return lit?.has(key) ? 1 : 0;
  };
  inside.sort((a, b) => first(b) - first(a) || b.weight - a.weight || (a.id < b.id ? -1 : 1));
  for (const { badge, x, y } of inside) {
    if (badge === "") continue;
    const left = (x + RADIUS * 0.5) * frame.view.k + frame.view.dx;
    const bottom = (y - RADIUS + 4) * frame.view.k + frame.view.dy;
    taken.push({ left, right: left + 22, top: bottom - 12, bottom });
  }
  context.textAlign = "center";
  for (const node of inside) {
    const isLit = !lit || lit.has(`node:${node.id}`);
    if (!isLit && alphaOfOthers === 0) continue;
    context.globalAlpha = isLit ? 1 : alphaOfOthers;
    drawName(context, node, frame, taken, first(node) === 2 || inside.length <= 40);
  }
  context.globalAlpha = 1;
  drawNumbers(context, scene, frame, lit, taken);
}

function drawName(
  context: CanvasRenderingContext2D,
  node: SceneNode,
  { view, palette }: Frame,
  taken: Box[],
  isForced: boolean,
): void {
  const scale = sizeOf(view.k);
  const x = node.x * view.k + view.dx;
  const y = (node.y + RADIUS + 5) * view.k + view.dy + 4;
  const room = Math.max(92, Math.min(190, 185 * view.k));
  context.textBaseline = "top";
  context.font = `600 ${12 * scale}px ${FONT}`;
  const name = clipped(context, node.name, room);
  const wide = context.measureText(name).width;
  const hasType = view.k > 0.55 && node.type !== "";
  const box = {
    left: x - wide / 2 - 4,
    right: x + wide / 2 + 4,
    top: y - 1,
    bottom: y + (hasType ? 29 : 15) * scale,
  };
  if (!isForced && taken.some((other) => overlaps(other, box))) return;
  taken.push(box);
  outlined(context, name, x, y, palette.text, palette.page);
  if (!hasType) return;
  context.font = `400 ${10.5 * scale}px ${FONT}`;
  const type = clipped(context, node.type, room);
  outlined(context, type, x, y + 15 * scale, palette.textFaint, palette.page);
}

/** Edges have their numbers when they are few, chosen, or beside what is looked at. */
function drawNumbers(
  context: CanvasRenderingContext2D,
  scene: Scene,
  { view, palette, emphasis }: Frame,
  lit: ReadonlySet<string> | null,
  taken: Box[],
): void {
  const isFew = scene.edges.length <= 40;
  context.textBaseline = "middle";
  context.font = `500 ${10 * Math.min(sizeOf(view.k), 1.05)}px ${FONT}`;
  const nodes = scene.nodes.map(({ x, y }): Box => {
    const [cx, cy, reach] = [x * view.k + view.dx, y * view.k + view.dy, RADIUS * view.k];
    return { left: cx - reach, right: cx + reach, top: cy - reach, bottom: cy + reach };
  });
  for (const edge of scene.edges) {
    const key = `edge:${edge.key}`;
    const isChosen = key === emphasis.selected || key === emphasis.hovered;
    const isNear = (lit?.has(key) ?? false) && view.k > 0.5;
    if (!isChosen && !isNear && (!isFew || lit || view.k <= 0.72)) continue;
    const half = context.measureText(edge.label).width / 2 + 5;
    const points = pointsAlong(edge.curve);
    const boxes = ALONG.map((share): Box => {
      const [px, py] = points[Math.round(share * (points.length - 1))] ?? [0, 0];
      const [x, y] = [px * view.k + view.dx, py * view.k + view.dy];
      return { left: x - half, right: x + half, top: y - 8, bottom: y + 8 };
    });
    const isFree = (box: Box) =>
      !taken.some((other) => overlaps(other, box)) && !nodes.some((other) => overlaps(other, box));
    const box = boxes.find(isFree) ?? (isChosen ? boxes[0] : undefined);
    if (!box) continue;
    taken.push(box);
    context.fillStyle = palette.page;
    context.globalAlpha = 0.92;
    context.beginPath();
    context.roundRect(box.left, box.top, box.right - box.left, 16, 8);
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = edge.isTroubled ? palette.fault : palette.textSoft;
    context.fillText(edge.label, (box.left + box.right) / 2, box.top + 8.5);
  }
}

/** Labels grow and shrink a little with the zoom. */
function sizeOf(k: number): number {
  return Math.max(0.82, Math.min(1.15, k));
}

function outlined(
  context: CanvasRenderingContext2D,
  text: string,
  x: number,
  y: number,
  colour: string,
  halo: string,
): void {
  context.lineJoin = "round";
  context.lineWidth = 4;
  context.strokeStyle = halo;
  context.strokeText(text, x, y);
  context.fillStyle = colour;
  context.fillText(text, x, y);
}

function clipped(context: CanvasRenderingContext2D, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let low = 1;
  let high = text.length;
  while (low < high) {
    const middleOf = Math.ceil((low + high) / 2);
    if (context.measureText(`${text.slice(0, middleOf)}…`).width <= room) low = middleOf;
    else high = middleOf - 1;
  }
  return `${text.slice(0, low)}…`;
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}
