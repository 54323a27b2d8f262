/** Draws a scene on a Canvas 2D context. Knows nothing of React or of the page. */

import type { Palette } from "../parts/palette";
import { drawLabels } from "./labels";
import { type Emphasis, FONT, type Frame, visible } from "./picture";
import { arcsOf, RADIUS, RING, type Scene, type SceneEdge, type SceneNode, TIP } from "./scene";

/** How much is left of what is not looked at: little while pointing, more beside an open panel. */
const DIM_POINTED = 0.2;
const DIM_CHOSEN = 0.45;
/** From this many edges on they are drawn lighter, and pointing at one dims nothing. */
const MANY_EDGES = 90;

export function paint(context: CanvasRenderingContext2D, scene: Scene, frame: Frame): void {
  const { width, height, ratio, view } = frame;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, width, height);
  const lit = litBy(scene, frame.emphasis);
  const isPointed = frame.emphasis.hovered ?? frame.emphasis.focused ?? frame.emphasis.found;
  const dim = isPointed ? DIM_POINTED : DIM_CHOSEN;
  const edgeAlpha = scene.edges.length > MANY_EDGES ? 0.55 : 1;
  context.setTransform(ratio * view.k, 0, 0, ratio * view.k, ratio * view.dx, ratio * view.dy);
  const seen = visible(frame);
  const bright: SceneEdge[] = [];
  for (const edge of scene.edges) {
    if (lit?.has(`edge:${edge.key}`)) bright.push(edge);
    else drawEdge(context, edge, frame, lit ? dim * 0.7 : edgeAlpha);
  }
  for (const edge of bright) drawEdge(context, edge, frame, 1);
  for (const node of scene.nodes) {
    if (node.x + 60 < seen.left || node.x - 60 > seen.right) continue;
    if (node.y + 60 < seen.top || node.y - 60 > seen.bottom) continue;
    context.globalAlpha = !lit || lit.has(`node:${node.id}`) ? 1 : dim;
    drawNode(context, node, frame);
  }
  context.globalAlpha = 1;
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  drawLabels(context, scene, frame, lit, isPointed ? 0 : DIM_CHOSEN, seen);
}

/** What stays bright while something is pointed at, chosen or searched; null when everything does. */
function litBy(scene: Scene, emphasis: Emphasis): Set<string> | null {
  const isMany = scene.edges.length > MANY_EDGES;
  const hovered = isMany && emphasis.hovered?.startsWith("edge:") ? null : emphasis.hovered;
  const centre = hovered ?? emphasis.focused ?? emphasis.selected;
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

function drawEdge(
  context: CanvasRenderingContext2D,
  edge: SceneEdge,
  { palette, emphasis, view }: Frame,
  alpha: number,
): void {
  const key = `edge:${edge.key}`;
  const isStrong = key === emphasis.selected || key === emphasis.hovered;
  const colour = edge.isTroubled ? palette.fault : isStrong ? palette.link : palette.edge;
  const width = Math.max(edge.width + (isStrong ? 1 : 0), 0.9 / view.k);
  context.globalAlpha = isStrong ? 1 : edge.isTroubled ? Math.min(1, alpha * 1.3) * 0.8 : alpha;
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
  const length = Math.hypot(x - cx, y - cy) || 1;
  const [ux, uy] = [(x - cx) / length, (y - cy) / length];
  const half = 3.2 + width * 0.75;
  const back = 2 + width * 0.5;
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x + ux * TIP, y + uy * TIP);
  context.lineTo(x - ux * back - uy * half, y - uy * back + ux * half);
  context.lineTo(x - ux * back + uy * half, y - uy * back - ux * half);
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
    context.font = `600 ${node.latency.length > 6 ? 8.5 : 9.5}px ${FONT}`;
    context.fillText(node.latency, node.x, node.y - 4.5);
    context.fillStyle = palette.textFaint;
    context.font = `500 8px ${FONT}`;
    context.fillText(node.volume, node.x, node.y + 6.5);
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

function circle(context: CanvasRenderingContext2D, x: number, y: number, radius: number): void {
  context.beginPath();
  context.arc(x, y, radius, 0, 2 * Math.PI);
}
