/** Draws a scene on a Canvas 2D context. Knows nothing of React or of the page. */

import type { Palette } from "../parts/palette";
import {
  arcsOf,
  type Bounds,
  RADIUS,
  RING,
  type Scene,
  type SceneEdge,
  type SceneNode,
} from "./scene";

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

const FONT = '"Inter", system-ui, sans-serif';
const DIM = 0.16;

export function paint(context: CanvasRenderingContext2D, scene: Scene, frame: Frame): void {
  const { width, height, ratio, view } = frame;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const lit = litBy(scene, frame.emphasis);
  context.setTransform(ratio * view.k, 0, 0, ratio * view.k, ratio * view.dx, ratio * view.dy);
  const seen = visible(frame);
  for (const edge of scene.edges)
    if (!isLit(lit, `edge:${edge.key}`)) drawEdge(context, edge, frame, true);
  for (const edge of scene.edges)
    if (isLit(lit, `edge:${edge.key}`)) drawEdge(context, edge, frame, false);
  for (const node of scene.nodes) {
    if (node.x + 60 < seen.left || node.x - 60 > seen.right) continue;
    if (node.y + 60 < seen.top || node.y - 60 > seen.bottom) continue;
    context.globalAlpha = isLit(lit, `node:${node.id}`) ? 1 : DIM;
    drawNode(context, node, frame);
  }
  context.globalAlpha = 1;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawLabels(context, scene, frame, lit, seen);
}

/** The part of the scene that is on the canvas. */
export function visible({ view, width, height }: Pick<Frame, "view" | "width" | "height">): Bounds {
  return {
    left: -view.dx / view.k,
    top: -view.dy / view.k,
    right: (width - view.dx) / view.k,
    bottom: (height - view.dy) / view.k,
  };
}

/** What stays bright while something is pointed at, chosen or searched; null when everything does. */
function litBy(scene: Scene, emphasis: Emphasis): Set<string> | null {
  const centre = emphasis.hovered ?? emphasis.focused ?? emphasis.selected;
  if (!centre) {
    if (!emphasis.found) return null;
    return new Set([...emphasis.found].map((id) => `node:${id}`));
  }
  const lit = new Set([centre]);
  for (const edge of scene.edges) {
    const key = `edge:${edge.key}`;
    const [source, target] = [`node:${edge.source}`, `node:${edge.target}`];
    if (centre === key || centre === source || centre === target) {
      lit.add(key).add(source).add(target);
    }
  }
  return lit;
}

function isLit(lit: Set<string> | null, key: string): boolean {
  return !lit || lit.has(key);
}

function drawEdge(
  context: CanvasRenderingContext2D,
  edge: SceneEdge,
  { palette, emphasis, view }: Frame,
  isDim: boolean,
): void {
  const key = `edge:${edge.key}`;
  const isStrong = key === emphasis.selected || key === emphasis.hovered;
  const colour = edge.isTroubled ? palette.fault : isStrong ? palette.link : palette.edge;
  const width = Math.max(edge.width + (isStrong ? 1 : 0), 0.9 / view.k);
  context.globalAlpha = isDim ? DIM * 0.7 : edge.isTroubled && !isStrong ? 0.75 : 1;
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  const { curve } = edge;
  context.moveTo(curve[0] ?? 0, curve[1] ?? 0);
  for (let at = 2; at + 5 < curve.length; at += 6) {
    context.bezierCurveTo(
      curve[at] ?? 0,
      curve[at + 1] ?? 0,
      curve[at + 2] ?? 0,
      curve[at + 3] ?? 0,
      curve[at + 4] ?? 0,
      curve[at + 5] ?? 0,
    );
  }
  context.stroke();
  if (view.k > 0.25) drawArrow(context, curve, width, colour);
  context.globalAlpha = 1;
}

function drawArrow(
  context: CanvasRenderingContext2D,
  curve: readonly number[],
  width: number,
  colour: string,
): void {
  const [cx = 0, cy = 0, x = 0, y = 0] = curve.slice(-4);
  const angle = Math.atan2(y - cy, x - cx);
  const size = 6 + width * 1.1;
  const wing = 0.42;
  const tip = 4;
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x + Math.cos(angle) * tip, y + Math.sin(angle) * tip);
  context.lineTo(x - Math.cos(angle - wing) * size, y - Math.sin(angle - wing) * size);
  context.lineTo(x - Math.cos(angle + wing) * size, y - Math.sin(angle + wing) * size);
  context.fill();
}

function drawNode(context: CanvasRenderingContext2D, node: SceneNode, frame: Frame): void {
  const { palette, view, emphasis } = frame;
  const key = `node:${node.id}`;
  circle(context, node.x, node.y, RADIUS);
  context.fillStyle = palette.raised;
  context.fill();
  if (node.isClient) drawClient(context, node, palette);
  else drawRing(context, node, palette);
  if (node.isInferred) {
    context.setLineDash([4, 3]);
    circle(context, node.x, node.y, RADIUS + 3.5);
    context.lineWidth = 1.4;
    context.strokeStyle = palette.textFaint;
    context.stroke();
    context.setLineDash([]);
  }
  if (key === emphasis.selected || key === emphasis.focused) {
    circle(context, node.x, node.y, RADIUS + 6.5);
    context.lineWidth = Math.max(2.5, 2 / view.k);
    context.strokeStyle = palette.link;
    context.stroke();
  } else if (emphasis.found?.has(node.id)) {
    circle(context, node.x, node.y, RADIUS + 7);
    context.lineWidth = Math.max(3, 2 / view.k);
    context.globalAlpha *= 0.55;
    context.strokeStyle = palette.link;
    context.stroke();
    context.globalAlpha = 1;
  }
  if (view.k >= 0.6 && node.latency) {
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.fillStyle = palette.text;
    context.font = `600 ${node.latency.length > 7 ? 8.5 : 9.5}px ${FONT}`;
    context.fillText(node.latency, node.x, node.y - 4.5);
    context.fillStyle = palette.textFaint;
    context.font = `500 8px ${FONT}`;
    context.fillText(node.rate, node.x, node.y + 6.5);
  }
  if (node.badge) drawBadge(context, node, frame);
}

function drawRing(context: CanvasRenderingContext2D, node: SceneNode, palette: Palette): void {
  const radius = RADIUS - RING / 2;
  context.lineWidth = RING;
  if (node.shares.total === 0) {
    circle(context, node.x, node.y, radius);
    context.strokeStyle = palette.border;
    context.stroke();
    return;
  }
  for (const { outcome, from, to } of arcsOf(node.shares)) {
    const start = (from - 0.25) * 2 * Math.PI;
    const end = (to - 0.25) * 2 * Math.PI;
    context.strokeStyle = palette[outcome as "ok"];
    context.beginPath();
    context.arc(node.x, node.y, radius, start, end);
    context.stroke();
    if (outcome === "throttle") hatch(context, node, palette, start, end);
    if (to - from < 1) {
      context.strokeStyle = palette.raised;
      context.lineWidth = 1.2;
      context.beginPath();
      context.moveTo(
        node.x + Math.cos(start) * (RADIUS - RING),
        node.y + Math.sin(start) * (RADIUS - RING),
      );
      context.lineTo(node.x + Math.cos(start) * RADIUS, node.y + Math.sin(start) * RADIUS);
      context.stroke();
      context.lineWidth = RING;
    }
  }
}

/** Throttled requests carry a second sign beside their colour. */
function hatch(
  context: CanvasRenderingContext2D,
  node: SceneNode,
  palette: Palette,
  start: number,
  end: number,
): void {
  const alpha = context.globalAlpha;
  context.globalAlpha = alpha * 0.75;
  context.strokeStyle = palette.raised;
  context.lineWidth = 1.1;
  context.beginPath();
  for (let angle = start + 0.06; angle < end; angle += 0.14) {
    const [inner, outer] = [RADIUS - RING, RADIUS];
    context.moveTo(
      node.x + Math.cos(angle - 0.05) * inner,
      node.y + Math.sin(angle - 0.05) * inner,
    );
    context.lineTo(
      node.x + Math.cos(angle + 0.05) * outer,
      node.y + Math.sin(angle + 0.05) * outer,
    );
  }
  context.stroke();
  context.globalAlpha = alpha;
  context.lineWidth = RING;
}

function drawClient(context: CanvasRenderingContext2D, node: SceneNode, palette: Palette): void {
  circle(context, node.x, node.y, RADIUS - 0.75);
  context.lineWidth = 1.5;
  context.strokeStyle = palette.edge;
  context.stroke();
  context.fillStyle = palette.textFaint;
  circle(context, node.x, node.y - 6, 5);
  context.fill();
  context.beginPath();
  context.arc(node.x, node.y + 11, 10, Math.PI, 0);
  context.fill();
}

function drawBadge(context: CanvasRenderingContext2D, node: SceneNode, frame: Frame): void {
  const scale = Math.max(1, Math.min(0.75 / frame.view.k, 2));
  context.font = `700 ${8.5 * scale}px ${FONT}`;
  const width = context.measureText(node.badge).width + 9 * scale;
  const height = 14 * scale;
  const x = node.x + RADIUS * 0.62;
  const y = node.y - RADIUS - 4 - height / 2;
  context.beginPath();
  context.roundRect(x - 4, y, width, height, height / 2);
  context.fillStyle = frame.palette.fault;
  context.fill();
  context.lineWidth = 1.5;
  context.strokeStyle = frame.palette.page;
  context.stroke();
  context.fillStyle = frame.palette.page;
  context.textAlign = "center";
  context.textBaseline = "middle";
  context.fillText(node.badge, x - 4 + width / 2, y + height / 2 + 0.5);
}

interface Box {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** Labels keep their size on the screen; where there is no room the heavier node keeps its own. */
function drawLabels(
  context: CanvasRenderingContext2D,
  scene: Scene,
  frame: Frame,
  lit: Set<string> | null,
  seen: Bounds,
): void {
  const { view, palette, emphasis } = frame;
  const taken: Box[] = [];
  const inside = scene.nodes.filter(
    (n) =>
      n.x > seen.left - 60 &&
      n.x < seen.right + 60 &&
      n.y > seen.top - 60 &&
      n.y < seen.bottom + 60,
  );
  const first = (node: SceneNode) => {
    const key = `node:${node.id}`;
    if (key === emphasis.hovered || key === emphasis.selected || key === emphasis.focused) return 2;
    return (lit?.has(key) ?? emphasis.found?.has(node.id)) ? 1 : 0;
  };
  inside.sort((a, b) => first(b) - first(a) || b.weight - a.weight || (a.id < b.id ? -1 : 1));
  const scale = Math.max(0.82, Math.min(1.15, view.k));
  const isDense = inside.length > 40;
  context.textAlign = "center";
  context.textBaseline = "top";
  for (const node of inside) {
    if (lit && !lit.has(`node:${node.id}`)) continue;
    const x = node.x * view.k + view.dx;
    const y = (node.y + RADIUS + (node.isInferred ? 5 : 1)) * view.k + view.dy + 4;
    context.font = `600 ${12 * scale}px ${FONT}`;
    const room = Math.max(92, Math.min(190, 185 * view.k));
    const name = clipped(context, node.name, room);
    const wide = context.measureText(name).width;
    const showType = view.k > 0.55 && node.type !== "";
    const height = (showType ? 29 : 15) * scale;
    const box = { left: x - wide / 2 - 4, right: x + wide / 2 + 4, top: y - 1, bottom: y + height };
    const isForced = first(node) === 2;
    if (!isForced && view.k < 0.62 && isDense && taken.some((other) => overlaps(other, box)))
      continue;
    taken.push(box);
    outlined(context, name, x, y, palette.text, palette.page);
    if (!showType) continue;
    context.font = `400 ${10.5 * scale}px ${FONT}`;
    outlined(
      context,
      clipped(context, node.type, room),
      x,
      y + 15 * scale,
      palette.textFaint,
      palette.page,
    );
  }
  const isQuiet = scene.edges.length > 40;
  for (const edge of scene.edges) {
    const key = `edge:${edge.key}`;
    const isChosen = key === emphasis.selected || key === emphasis.hovered;
    const isNear = lit?.has(key) ?? false;
    if (!(isChosen || (isNear && view.k > 0.5) || (!isQuiet && !lit && view.k > 0.72))) continue;
    const [mx, my] = middle(edge.curve);
    const x = mx * view.k + view.dx;
    const y = my * view.k + view.dy;
    context.font = `500 ${10 * Math.min(scale, 1.05)}px ${FONT}`;
    const width = context.measureText(edge.label).width;
    const box = { left: x - width / 2 - 5, right: x + width / 2 + 5, top: y - 8, bottom: y + 8 };
    if (!isChosen && taken.some((other) => overlaps(other, box))) continue;
    taken.push(box);
    context.fillStyle = palette.page;
    context.globalAlpha = 0.92;
    context.beginPath();
    context.roundRect(box.left, box.top, box.right - box.left, 16, 8);
    context.fill();
    context.globalAlpha = 1;
    context.fillStyle = edge.isTroubled ? palette.fault : palette.textSoft;
    context.textBaseline = "middle";
    context.fillText(edge.label, x, y + 0.5);
    context.textBaseline = "top";
  }
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

function middle(curve: readonly number[]): [number, number] {
  const pieces = (curve.length - 2) / 6;
  const at = Math.floor((pieces - 1) / 2) * 6;
  const [ax = 0, ay = 0, bx = 0, by = 0, cx = 0, cy = 0, dx = 0, dy = 0] = curve.slice(at, at + 8);
  if (pieces > 1 && pieces % 2 === 0) return [dx, dy];
  return [(ax + 3 * bx + 3 * cx + dx) / 8, (ay + 3 * by + 3 * cy + dy) / 8];
}

function overlaps(a: Box, b: Box): boolean {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

function circle(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}
