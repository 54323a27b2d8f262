/** Layers of a directed graph and the order inside them: the part of the layout that knows no pixels. */

export interface Layered {
  /** Cells by layer, left to right, each layer top to bottom. Cells from `nodes` on are waypoints. */
  layers: number[][];
  /** Neighbours of each cell in the layer before and after it. */
  before: number[][];
  after: number[][];
  /** Waypoints of each edge by its index, from source to target. */
  waypoints: number[][];
}

type Edge = readonly [source: number, target: number];

const MOST_WAYPOINTS = 4000;
const SWEEPS = 12;

/** Arranges `count` nodes; `rank` decides between equals and gives the order to start from. */
export function arrange(count: number, edges: readonly Edge[], rank: readonly number[]): Layered {
  const forward = withoutCycles(count, edges, rank);
  const layer = layerOf(count, forward);
  const layered = cells(count, edges, layer);
  layered.layers = leastCrossings(layered, rank);
  return layered;
}

/** The edges with those that close a cycle turned round; self loops left out. */
function withoutCycles(count: number, edges: readonly Edge[], rank: readonly number[]): Edge[] {
  const out: number[][] = Array.from({ length: count }, () => []);
  const incoming = new Array<number>(count).fill(0);
  for (const [source, target] of edges) {
    if (source === target) continue;
    out[source]?.push(target);
    incoming[target] = (incoming[target] ?? 0) + 1;
  }
  const by = (a: number, b: number) => (rank[a] ?? 0) - (rank[b] ?? 0);
  for (const targets of out) targets.sort(by);
  const net = (node: number) => (out[node]?.length ?? 0) - (incoming[node] ?? 0);
  const starts = Array.from({ length: count }, (_, node) => node).sort(
    (a, b) => Number(incoming[b] === 0) - Number(incoming[a] === 0) || net(b) - net(a) || by(a, b),
  );
  const state = new Uint8Array(count); // 0 new, 1 on the path, 2 done
  const result: Edge[] = [];
  for (const start of starts) {
    if (state[start]) continue;
    const path: { node: number; next: number }[] = [{ node: start, next: 0 }];
    state[start] = 1;
    for (let top = path.at(-1); top; top = path.at(-1)) {
      const target = out[top.node]?.[top.next];
      top.next += 1;
      if (target === undefined) {
        state[top.node] = 2;
        path.pop();
      } else if (state[target] === 1) result.push([target, top.node]);
      else {
        result.push([top.node, target]);
        if (state[target] === 0) {
          state[target] = 1;
          path.push({ node: target, next: 0 });
        }
      }
    }
  }
  return result;
}

/** Longest path from the left; then a start moves right until it touches what it calls first. */
function layerOf(count: number, edges: readonly Edge[]): number[] {
  const out: number[][] = Array.from({ length: count }, () => []);
  const waiting = new Array<number>(count).fill(0);
  for (const [source, target] of edges) {
    out[source]?.push(target);
    waiting[target] = (waiting[target] ?? 0) + 1;
  }
  const starts = waiting.flatMap((number, node) => (number === 0 ? [node] : []));
  const layer = new Array<number>(count).fill(0);
  const queue = [...starts];
  for (let place = 0; place < queue.length; place += 1) {
    const node = queue[place] ?? 0;
    for (const target of out[node] ?? []) {
      layer[target] = Math.max(layer[target] ?? 0, (layer[node] ?? 0) + 1);
      waiting[target] = (waiting[target] ?? 0) - 1;
      if (waiting[target] === 0) queue.push(target);
    }
  }
  for (const node of starts) {
    const nearest = Math.min(...(out[node] ?? []).map((target) => layer[target] ?? 0));
    if (Number.isFinite(nearest)) layer[node] = nearest - 1;
  }
  return layer;
}

/** Nodes and, for edges over more than one layer, a waypoint in each layer between. */
function cells(count: number, edges: readonly Edge[], layer: readonly number[]): Layered {
  const spans = edges.map(([source, target]) =>
    source === target ? 0 : Math.abs((layer[target] ?? 0) - (layer[source] ?? 0)),
  );
  const needed = spans.reduce((sum, span) => sum + Math.max(0, span - 1), 0);
  const depth = layer.reduce((most, own) => Math.max(most, own), 0) + 1;
  const layers: number[][] = Array.from({ length: depth }, () => []);
  const before: number[][] = Array.from({ length: count }, () => []);
  const after: number[][] = Array.from({ length: count }, () => []);
  const waypoints: number[][] = edges.map(() => []);
  for (let node = 0; node < count; node += 1) layers[layer[node] ?? 0]?.push(node);
  const link = (left: number, right: number) => {
    after[left]?.push(right);
    before[right]?.push(left);
  };
  edges.forEach(([source, target], index) => {
    const span = spans[index] ?? 0;
    if (span === 0) return;
    const isForward = (layer[source] ?? 0) < (layer[target] ?? 0);
    const [left, right] = isForward ? [source, target] : [target, source];
    if (needed > MOST_WAYPOINTS) {
      if (span === 1) link(left, right);
      return;
    }
    let last = left;
    const passed: number[] = [];
    for (let step = 1; step < span; step += 1) {
      const cell = before.length;
      before.push([]);
      after.push([]);
      layers[(layer[left] ?? 0) + step]?.push(cell);
      link(last, cell);
      passed.push(cell);
      last = cell;
    }
    link(last, right);
    waypoints[index] = isForward ? passed : passed.reverse();
  });
  return { layers, before, after, waypoints };
}

/** Barycentre sweeps, right and left in turn; the best order seen is kept. */
function leastCrossings(layered: Layered, rank: readonly number[]): number[][] {
  let layers = layered.layers.map((cellsOf) =>
    [...cellsOf].sort((a, b) => (rank[a] ?? a + 1e6) - (rank[b] ?? b + 1e6)),
  );
  let best = layers;
  let fewest = Number.POSITIVE_INFINITY;
  for (let sweep = 0; sweep <= SWEEPS; sweep += 1) {
    if (sweep > 0) layers = swept(layers, layered, sweep % 2 === 1);
    const crossings = crossingsOf(layers, layered.after);
    if (crossings < fewest) {
      fewest = crossings;
      best = layers;
    }
    if (crossings === 0) break;
  }
  return best;
}

function swept(layers: number[][], layered: Layered, toTheRight: boolean): number[][] {
  const result = [...layers];
  const place = new Map<number, number>();
  const remember = (cellsOf: readonly number[]) => {
    cellsOf.forEach((cell, index) => {
      place.set(cell, (index + 0.5) / cellsOf.length);
    });
  };
  for (const cellsOf of layers) remember(cellsOf);
  for (let step = 0; step < layers.length; step += 1) {
    const index = toTheRight ? step : layers.length - 1 - step;
    const cellsOf = result[index] ?? [];
    const weight = new Map(
      cellsOf.map((cell) => {
        const near = (toTheRight ? layered.before : layered.after)[cell] ?? [];
        const sum = near.reduce((total, other) => total + (place.get(other) ?? 0), 0);
        return [cell, near.length > 0 ? sum / near.length : (place.get(cell) ?? 0)];
      }),
    );
    const sorted = [...cellsOf].sort(
      (a, b) =>
        (weight.get(a) ?? 0) - (weight.get(b) ?? 0) || (place.get(a) ?? 0) - (place.get(b) ?? 0),
    );
    result[index] = sorted;
    remember(sorted);
  }
  return result;
}

/** Number of crossings between neighbouring layers, counted with a Fenwick tree. */
export function crossingsOf(layers: readonly number[][], after: readonly number[][]): number {
  let total = 0;
  for (let index = 0; index + 1 < layers.length; index += 1) {
    const place = new Map((layers[index + 1] ?? []).map((cell, at) => [cell, at]));
    const size = place.size;
    const tree = new Uint32Array(size + 1);
    let seen = 0;
    for (const cell of layers[index] ?? []) {
      const targets = (after[cell] ?? [])
        .map((target) => place.get(target) ?? 0)
        .sort((a, b) => a - b);
      for (const target of targets) {
        let upTo = 0;
        for (let at = target + 1; at > 0; at -= at & -at) upTo += tree[at] ?? 0;
        total += seen - upTo;
      }
      for (const target of targets) {
        for (let at = target + 1; at <= size; at += at & -at) tree[at] = (tree[at] ?? 0) + 1;
        seen += 1;
      }
    }
  }
  return total;
}
