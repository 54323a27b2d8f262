/**
 * Places the nodes of a service map from left to right by call depth.
 *
 * Pure and deterministic: the same graph gives the same picture, and nodes that had a place keep it.
 * One unit is one CSS pixel at zoom 1; a place is the centre of a node.
 */

import { arrange, type Layered } from "./order";

export type Point = readonly [x: number, y: number];

export interface Layout {
  /** Centre of every node by id. */
  places: Record<string, Point>;
  /** Points that an edge passes, by `edgeKey`; absent when it goes straight. */
  routes: Record<string, readonly Point[]>;
}

export interface Graph {
  nodes: readonly string[];
  edges: readonly (readonly [source: string, target: string])[];
}

export const LAYER_GAP = 200;
export const ROW_GAP = 112;
const WAYPOINT_GAP = 40;
const COLUMN_GAP = 150;
const RELAXATIONS = 14;

/** Name of an edge in `routes` and in the address. */
export function edgeKey(source: string, target: string): string {
  return `${source}~>${target}`;
}

/** Lays the graph out, keeping the places of `previous` when most of its nodes are still there. */
export function layout(graph: Graph, previous?: Layout | null): Layout {
  const known = graph.nodes.filter((id) => previous?.places[id]);
  const fresh = graph.nodes.length - known.length;
  const remembered = Object.keys(previous?.places ?? {}).length;
  if (
    previous &&
    known.length > 0 &&
    fresh <= Math.max(2, graph.nodes.length / 5) &&
    known.length >= remembered * 0.4
  ) {
    return kept(graph, previous);
  }
  return placed(graph, previous);
}

/** Everything from the start; the old heights, where known, decide the order to start from. */
function placed(graph: Graph, previous?: Layout | null): Layout {
  const result: Layout = { places: {}, routes: {} };
  const single: string[] = [];
  let top = 0;
  for (const part of components(graph)) {
    if (part.nodes.length === 1) {
      single.push(...part.nodes);
      continue;
    }
    const own = component(part, previous);
    const ys = Object.values(own.places).map(([, y]) => y);
    const shift = top - Math.min(...ys);
    for (const [id, [x, y]] of Object.entries(own.places)) result.places[id] = [x, y + shift];
    for (const [key, points] of Object.entries(own.routes)) {
      result.routes[key] = points.map(([x, y]) => [x, y + shift] as const);
    }
    top = Math.max(...ys) + shift + ROW_GAP * 1.4;
  }
  const columns = Math.max(3, Math.ceil(Math.sqrt(single.length * 0.8)));
  single.forEach((id, index) => {
    result.places[id] = [
      (index % columns) * LAYER_GAP,
      top + Math.floor(index / columns) * ROW_GAP,
    ];
  });
  return result;
}

/** Connected parts, the largest first; each with its nodes and edges in a fixed order. */
function components(graph: Graph): Graph[] {
  const nodes = [...new Set(graph.nodes)].sort();
  const there = new Set(nodes);
  const keys = new Map(graph.edges.map((edge) => [edgeKey(edge[0], edge[1]), edge]));
  const edges = [...keys.keys()]
    .sort()
    .map((key) => keys.get(key) as readonly [string, string])
    .filter(([source, target]) => there.has(source) && there.has(target));
  const parent = new Map(nodes.map((id) => [id, id]));
  const find = (id: string): string => {
    let root = id;
    while (parent.get(root) !== root) root = parent.get(root) ?? root;
    parent.set(id, root);
    return root;
  };
  for (const [source, target] of edges) parent.set(find(source), find(target));
  const parts = new Map<string, { nodes: string[]; edges: (readonly [string, string])[] }>();
  for (const id of nodes) {
    const root = find(id);
    const part = parts.get(root) ?? { nodes: [], edges: [] };
    part.nodes.push(id);
    parts.set(root, part);
  }
  for (const edge of edges) parts.get(find(edge[0]))?.edges.push(edge);
  return [...parts.values()].sort((a, b) => b.nodes.length - a.nodes.length);
}

function component(graph: Graph, previous?: Layout | null): Layout {
  const number = new Map(graph.nodes.map((id, index) => [id, index]));
  const edges = graph.edges.map(
    ([source, target]) => [number.get(source) ?? 0, number.get(target) ?? 0] as const,
  );
  const heights = graph.nodes.map((id) => previous?.places[id]?.[1]);
  const rank = heights.map((y, index) => (y ?? 0) + index * 1e-6);
  const layered = arrange(graph.nodes.length, edges, rank);
  const [x, y] = coordinates(graph.nodes.length, layered);
  const point = (cell: number): Point => [Math.round(x[cell] ?? 0), Math.round(y[cell] ?? 0)];
  const result: Layout = { places: {}, routes: {} };
  graph.nodes.forEach((id, index) => {
    result.places[id] = point(index);
  });
  graph.edges.forEach(([source, target], index) => {
    const passed = layered.waypoints[index] ?? [];
    if (passed.length > 0) result.routes[edgeKey(source, target)] = passed.map(point);
  });
  return result;
}

/** Crowded layers become several staggered columns, so that a wide map is not a thin tower. */
function coordinates(nodes: number, layered: Layered): [x: number[], y: number[]] {
  const cap = Math.max(8, Math.ceil(Math.sqrt(nodes) * 0.95));
  const x: number[] = [];
  const y: number[] = [];
  const gaps: number[] = [];
  let left = 0;
  for (const cells of layered.layers) {
    const real = cells.filter((cell) => cell < nodes).length;
    const columns = Math.max(1, Math.ceil(real / cap));
    // Edges that pass close up where they are many: they may not make the picture higher than the nodes.
    const room = (cap * ROW_GAP * 0.4) / Math.max(1, cells.length - real);
    const waypointGap = Math.max(5, Math.min(WAYPOINT_GAP, room));
    let turn = 0;
    for (const cell of cells) {
      x[cell] = left + (cell < nodes ? turn++ % columns : (columns - 1) / 2) * COLUMN_GAP;
      gaps[cell] = cell < nodes ? ROW_GAP / columns : waypointGap;
    }
    left += (columns - 1) * COLUMN_GAP + LAYER_GAP;
    let at = 0;
    for (const cell of cells) {
      at += (gaps[cell] ?? 0) / 2;
      y[cell] = at;
      at += (gaps[cell] ?? 0) / 2;
    }
    for (const cell of cells) y[cell] = (y[cell] ?? 0) - at / 2;
  }
  for (let turn = 0; turn < RELAXATIONS; turn += 1) {
    const order = turn % 2 === 0 ? layered.layers : [...layered.layers].reverse();
    for (const cells of order) relax(cells, layered, gaps, y, turn);
  }
  return [x, y];
}

/** Moves a layer's cells towards their neighbours without changing their order or their gaps. */
function relax(cells: number[], layered: Layered, gaps: number[], y: number[], turn: number): void {
  const wanted = cells.map((cell) => {
    const before = layered.before[cell] ?? [];
    const after = layered.after[cell] ?? [];
    const near = turn < 4 && before.length > 0 && turn % 2 === 0 ? before : [...before, ...after];
    if (near.length === 0) return y[cell] ?? 0;
    return near.reduce((sum, other) => sum + (y[other] ?? 0), 0) / near.length;
  });
  let offset = 0;
  const offsets = cells.map((cell, index) => {
    const last = cells[index - 1];
    if (last !== undefined) offset += ((gaps[last] ?? 0) + (gaps[cell] ?? 0)) / 2;
    return offset;
  });
  const fitted = isotonic(wanted.map((value, index) => value - (offsets[index] ?? 0)));
  cells.forEach((cell, index) => {
    y[cell] = (fitted[index] ?? 0) + (offsets[index] ?? 0);
  });
}

/** The nearest non-decreasing values, by pooling neighbours that are out of order. */
export function isotonic(values: readonly number[]): number[] {
  const blocks: { sum: number; size: number }[] = [];
  for (const value of values) {
    let block = { sum: value, size: 1 };
    for (let last = blocks.at(-1); last; last = blocks.at(-1)) {
      if (last.sum / last.size <= block.sum / block.size) break;
      block = { sum: last.sum + block.sum, size: last.size + block.size };
      blocks.pop();
    }
    blocks.push(block);
  }
  return blocks.flatMap(({ sum, size }) => new Array<number>(size).fill(sum / size));
}

/** The old places, and a free place near its neighbours for every new node. */
function kept(graph: Graph, previous: Layout): Layout {
  const result: Layout = { places: {}, routes: {} };
  const taken: Point[] = [];
  const put = (id: string, wanted: Point) => {
    const place = free(wanted, taken);
    taken.push(place);
    result.places[id] = place;
  };
  const nodes = [...new Set(graph.nodes)].sort();
  for (const id of nodes) {
    const place = previous.places[id];
    if (place) {
      taken.push(place);
      result.places[id] = place;
    }
  }
  const rows = taken.map(([, y]) => y);
  for (const id of nodes) {
    if (result.places[id]) continue;
    const callers: Point[] = [];
    const callees: Point[] = [];
    for (const [source, target] of graph.edges) {
      const from = result.places[source];
      const to = result.places[target];
      if (target === id && from) callers.push(from);
      if (source === id && to) callees.push(to);
    }
    const near = [...callers, ...callees];
    const y = near.reduce((sum, point) => sum + point[1], 0) / Math.max(1, near.length);
    if (callers.length > 0) put(id, [Math.max(...callers.map(([x]) => x)) + LAYER_GAP, y]);
    else if (callees.length > 0) put(id, [Math.min(...callees.map(([x]) => x)) - LAYER_GAP, y]);
    else put(id, [0, Math.max(0, ...rows) + ROW_GAP]);
  }
  for (const [source, target] of graph.edges) {
    const key = edgeKey(source, target);
    const route = previous.routes[key];
    if (route) result.routes[key] = route;
  }
  return result;
}

/** The place nearest to `wanted`, straight above or below it, that touches no other node. */
function free([x, y]: Point, taken: readonly Point[]): Point {
  const isFree = (at: number) =>
    taken.every(([ox, oy]) => Math.abs(ox - x) >= 110 || Math.abs(oy - at) >= ROW_GAP * 0.9);
  for (let step = 0; ; step += 1) {
    for (const at of [y + (step * ROW_GAP) / 2, y - (step * ROW_GAP) / 2]) {
      if (isFree(at)) return [x, at];
    }
  }
}
