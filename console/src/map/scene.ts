/** What the painter draws, computed once for each answer: no canvas and no colours in here. */

import type { MapNode, ServiceMap } from "../api/types";
import { compact, duration, percent, plural, rate } from "../text/format";
import {
  averageUs,
  isInferred,
  perMinute,
  type Shares,
  sharesOf,
  shortName,
  TROUBLE,
  typeName,
} from "./graph";
import { edgeKey, type Layout, type Point } from "./layout";

/** Radius of a node and thickness of its ring. */
export const RADIUS = 26;
export const RING = 6;
/** How far an arrow's tip reaches beyond the end of its curve. */
export const TIP = 8;

/** How much traffic is written: by the minute, or as a number. */
export type Unit = "rate" | "count";

/** Which latency is written inside a node. */
export type Measure = "p50" | "p95" | "average";

export interface SceneNode {
  id: string;
  x: number;
  y: number;
  shares: Shares;
  isClient: boolean;
  isInferred: boolean;
  isSelf: boolean;
  name: string;
  type: string;
  /** Latency and traffic, inside the circle. */
  latency: string;
  volume: string;
  /** Share of faults, when it is worth a badge. */
  badge: string;
  /** Decides whose label stays when there is no room for all. */
  weight: number;
}

export interface SceneEdge {
  key: string;
  source: string;
  target: string;
  /** Start, then control, control, end for each piece of the curve. */
  curve: number[];
  width: number;
  isTroubled: boolean;
  label: string;
}

export interface Scene {
  nodes: SceneNode[];
  edges: SceneEdge[];
  byId: Map<string, SceneNode>;
  bounds: Bounds;
}

export interface Bounds {
  left: number;
  top: number;
  right: number;
  bottom: number;
}

/** `unit` of the volume: requests a minute, or for the map of one trace their number. */
export function sceneOf(
  map: ServiceMap,
  layout: Layout,
  measure: Measure,
  unit: Unit = "rate",
): Scene {
  const nodes: SceneNode[] = [];
  const self = new Set(map.edges.filter((e) => e.source === e.target).map((e) => e.source));
  for (const node of map.nodes) {
    const place = layout.places[node.id];
    if (!place) continue;
    const total = sharesOf(node.counts).total;
    const volume =
      unit === "count" ? times(total) : rate(perMinute(total, map)).replace("/min", "/m");
    nodes.push(sceneNode(node, place, measure, volume, self.has(node.id)));
  }
  const byId = new Map(nodes.map((node) => [node.id, node]));
  const pairs = new Set(map.edges.map((edge) => edgeKey(edge.source, edge.target)));
  const edges = map.edges.flatMap((edge): SceneEdge[] => {
    const source = byId.get(edge.source);
    const target = byId.get(edge.target);
    if (!source || !target || source === target) return [];
    const key = edgeKey(edge.source, edge.target);
    const shares = sharesOf(edge.counts);
    const perMinuteNow = perMinute(shares.total, map);
    const latency = latencyOf(edge.counts, measure);
    return [
      {
        key,
        source: source.id,
        target: target.id,
        curve: curveOf(
          source,
          target,
          layout.routes[key] ?? [],
          pairs.has(edgeKey(edge.target, edge.source)),
        ),
        width:
          unit === "count"
            ? 1.6
            : Math.min(6, 1.2 + Math.max(0, Math.log10(Math.max(perMinuteNow, 1)))),
        isTroubled: shares.fault >= TROUBLE,
        label: [unit === "count" ? times(shares.total) : rate(perMinuteNow), latency]
          .filter(Boolean)
          .join(" · "),
      },
    ];
  });
  return { nodes, edges, byId, bounds: boundsOf(nodes) };
}

function sceneNode(
  node: MapNode,
  [x, y]: Point,
  measure: Measure,
  volume: string,
  isSelf: boolean,
): SceneNode {
  const shares = sharesOf(node.counts);
  return {
    id: node.id,
    x,
    y,
    shares,
    isClient: node.kind === "client",
    isInferred: isInferred(node),
    isSelf,
    name: node.kind === "client" ? "Clients" : shortName(node.name),
    type: node.kind === "client" ? shortName(node.name) : typeName(node),
    latency: latencyOf(node.counts, measure),
    volume: node.counts ? volume : "",
    badge: shares.fault >= TROUBLE ? percent(shares.fault) : "",
    weight: shares.total * (1 + 20 * shares.fault) + (node.kind === "client" ? 0.5 : 0),
  };
}

function times(total: number): string {
  return `${compact(total)}×`;
}

function latencyOf(counts: MapNode["counts"], measure: Measure): string {
  const us =
    measure === "average" ? averageUs(counts) : measure === "p95" ? counts?.p95_us : counts?.p50_us;
  return us == null ? "" : duration(us);
}

/** A smooth curve from rim to rim, through the points of its route. */
function curveOf(
  source: SceneNode,
  target: SceneNode,
  route: readonly Point[],
  isPair: boolean,
): number[] {
  const isBack = target.x <= source.x + RADIUS && route.length === 0;
  if (isBack) return bowOf(source, target);
  const first = route[0] ?? [target.x, target.y];
  const last = route.at(-1) ?? [source.x, source.y];
  const start = rim(source, first);
  const end = rim(target, last, TIP + (target.isInferred ? 5 : 1));
  const bend = isPair && route.length === 0 ? 14 : 0;
  const points: Point[] = [start, ...route, end];
  const curve = [start[0], start[1]];
  for (let index = 0; index + 1 < points.length; index += 1) {
    const [ax, ay] = points[index] as Point;
    const [bx, by] = points[index + 1] as Point;
    const pull = (bx - ax) * 0.45;
    curve.push(ax + pull, ay - bend, bx - pull, by - bend, bx, by);
  }
  return curve;
}

/** A call to the left or straight up or down: a bow to the side. */
function bowOf(source: SceneNode, target: SceneNode): number[] {
  const dx = target.x - source.x;
  const dy = target.y - source.y;
  const length = Math.hypot(dx, dy) || 1;
  const swing = Math.min(90, 26 + length * 0.16);
  const nx = (-dy / length) * swing;
  const ny = (dx / length) * swing;
  const a: Point = [source.x + dx * 0.25 - nx, source.y + dy * 0.25 - ny];
  const b: Point = [source.x + dx * 0.75 - nx, source.y + dy * 0.75 - ny];
  const start = rim(source, a);
  const end = rim(target, b, TIP + (target.isInferred ? 5 : 1));
  return [...start, ...a, ...b, ...end];
}

/** The point of a node's rim that faces `to`, `gap` away from it. */
function rim(node: SceneNode, to: Point, gap = 1): Point {
  const dx = to[0] - node.x;
  const dy = (to[1] - node.y) * 0.55;
  const length = Math.hypot(dx, dy) || 1;
  const reach = RADIUS + gap;
  return [node.x + (dx / length) * reach, node.y + (dy / length) * reach];
}

function boundsOf(nodes: readonly SceneNode[]): Bounds {
  const bounds = { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
  for (const { x, y } of nodes) {
    bounds.left = Math.min(bounds.left, x - 70);
    bounds.right = Math.max(bounds.right, x + 70);
    bounds.top = Math.min(bounds.top, y - RADIUS - 14);
    bounds.bottom = Math.max(bounds.bottom, y + RADIUS + 46);
  }
  return nodes.length > 0 ? bounds : { left: 0, top: 0, right: 1, bottom: 1 };
}

/** Points along the curve, for hit tests. */
export function pointsAlong(curve: readonly number[], steps = 10): Point[] {
  const points: Point[] = [];
  for (let at = 0; at + 7 < curve.length; at += 6) {
    const [ax, ay, bx, by, cx, cy, dx, dy] = curve.slice(at, at + 8) as [
      number,
      number,
      number,
      number,
      number,
      number,
      number,
      number,
    ];
    for (let step = 0; step <= steps; step += 1) {
      const t = step / steps;
      const u = 1 - t;
      points.push([
        u * u * u * ax + 3 * u * u * t * bx + 3 * u * t * t * cx + t * t * t * dx,
        u * u * u * ay + 3 * u * u * t * by + 3 * u * t * t * cy + t * t * t * dy,
      ]);
    }
  }
  return points;
}

/** The node or else the edge at a point of the scene; `slack` widens both. */
export function hit(scene: Scene, x: number, y: number, slack: number): string | null {
  for (let index = scene.nodes.length - 1; index >= 0; index -= 1) {
    const node = scene.nodes[index];
    if (node && Math.hypot(node.x - x, node.y - y) <= RADIUS + slack / 2) return `node:${node.id}`;
  }
  let best: string | null = null;
  let nearest = 4 + slack;
  for (const edge of scene.edges) {
    const points = pointsAlong(edge.curve);
    for (let index = 0; index + 1 < points.length; index += 1) {
      const distance = toSegment(x, y, points[index] as Point, points[index + 1] as Point);
      if (distance < nearest) {
        nearest = distance;
        best = `edge:${edge.key}`;
      }
    }
  }
  return best;
}

function toSegment(x: number, y: number, [ax, ay]: Point, [bx, by]: Point): number {
  const dx = bx - ax;
  const dy = by - ay;
  const along = ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy || 1);
  const t = Math.max(0, Math.min(1, along));
  return Math.hypot(ax + dx * t - x, ay + dy * t - y);
}

/** A line for the screen reader's list and the tooltip. */
export function spoken(node: SceneNode, callers: number, callees: number): string {
  const parts = [node.name, node.type];
  const { total, fault, error, throttle } = node.shares;
  if (total > 0) {
    parts.push(
      `${compact(total)} ${total === 1 ? "request" : "requests"}`,
      `${percent(fault)} faults`,
      error > 0 ? `${percent(error)} errors` : "",
      throttle > 0 ? `${percent(throttle)} throttled` : "",
      node.latency,
    );
  }
  parts.push(plural(callers, "caller"), `calls ${callees}`);
  return parts.filter(Boolean).join(", ");
}

/** The arcs of a ring, as turns from twelve o'clock, in fixed order; each at least 4° when present. */
export function arcsOf(shares: Shares): { outcome: keyof Shares; from: number; to: number }[] {
  const order = ["fault", "throttle", "error", "ok"] as const;
  const least = 4 / 360;
  const present = order.filter((outcome) => shares[outcome] > 0);
  const small = present.filter((outcome) => shares[outcome] < least);
  const rest = 1 - small.length * least;
  const large = present.reduce((sum, o) => sum + (shares[o] < least ? 0 : shares[o]), 0);
  let at = 0;
  return present.map((outcome) => {
    const share = shares[outcome];
    const size = share < least ? least : (share / large) * rest;
    const arc = { outcome, from: at, to: at + size };
    at += size;
    return arc;
  });
}
