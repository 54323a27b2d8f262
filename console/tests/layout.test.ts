import { describe, expect, it } from "vitest";
import { edgeKey, type Graph, isotonic, type Layout, layout, ROW_GAP } from "../src/map/layout";
import { crossingsOf } from "../src/map/order";

const chain: Graph = {
  nodes: ["client", "web", "orders", "db"],
  edges: [
    ["client", "web"],
    ["web", "orders"],
    ["orders", "db"],
  ],
};

/** A graph without randomness: node i is called by a few earlier ones. */
function large(count: number): Graph {
  const nodes = Array.from({ length: count }, (_, index) => `node-${index}`);
  const edges: [string, string][] = [];
  for (let index = 1; index < count; index += 1) {
    for (const caller of [Math.floor(index / 7), (index * 13) % index]) {
      edges.push([`node-${caller}`, `node-${index}`]);
    }
  }
  return { nodes, edges };
}

function closest(result: Layout): number {
  const places = Object.values(result.places);
  let least = Number.POSITIVE_INFINITY;
  places.forEach(([x, y], index) => {
    for (const [ox, oy] of places.slice(index + 1))
      least = Math.min(least, Math.hypot(x - ox, y - oy));
  });
  return least;
}

describe("layout", () => {
  it("places a chain of calls from left to right on one line", () => {
    const { places } = layout(chain);
    const xs = chain.nodes.map((id) => places[id]?.[0] ?? 0);
    expect([...xs].sort((a, b) => a - b)).toEqual(xs);
    expect(new Set(xs).size).toBe(4);
    expect(new Set(chain.nodes.map((id) => places[id]?.[1])).size).toBe(1);
  });

  it("does not depend on the order of nodes and edges", () => {
    const graph = large(40);
    const turned = { nodes: [...graph.nodes].reverse(), edges: [...graph.edges].reverse() };
    expect(layout(turned)).toEqual(layout(graph));
  });

  it("keeps every place when nothing changed", () => {
    const first = layout(large(60));
    expect(layout(large(60), first)).toEqual(first);
  });

  it("moves nothing when a node comes, and gives it a place of its own beside its caller", () => {
    const first = layout(chain);
    const grown: Graph = {
      nodes: [...chain.nodes, "mail"],
      edges: [...chain.edges, ["orders", "mail"]],
    };
    const second = layout(grown, first);
    for (const id of chain.nodes) expect(second.places[id]).toEqual(first.places[id]);
    expect(second.places.mail?.[0]).toBeGreaterThan(second.places.orders?.[0] ?? 0);
    expect(closest(second)).toBeGreaterThanOrEqual(ROW_GAP / 2);
  });

  it("lays out anew when most nodes are new", () => {
    const first = layout({ nodes: ["a", "b"], edges: [["a", "b"]] });
    const graph = large(30);
    const nodes = [...graph.nodes, "a"];
    expect(layout({ nodes, edges: graph.edges }, first).places).toHaveProperty("node-29");
    expect(closest(layout({ nodes, edges: graph.edges }, first))).toBeGreaterThan(50);
  });

  it("survives cycles, calls to itself and nodes without edges", () => {
    const graph: Graph = {
      nodes: ["a", "b", "c", "alone"],
      edges: [
        ["a", "b"],
        ["b", "c"],
        ["c", "a"],
        ["b", "b"],
      ],
    };
    const { places } = layout(graph);
    expect(Object.keys(places).sort()).toEqual(["a", "alone", "b", "c"]);
    expect(closest({ places, routes: {} })).toBeGreaterThan(50);
  });

  it("puts a client right before the service that it calls, however deep that is", () => {
    const graph: Graph = {
      nodes: [...chain.nodes, "batch"],
      edges: [...chain.edges, ["batch", "db"]],
    };
    const { places } = layout(graph);
    expect(places.batch?.[0]).toBe(places.orders?.[0]);
  });

  it("leads a long edge round the nodes between", () => {
    const graph: Graph = { nodes: chain.nodes, edges: [...chain.edges, ["web", "db"]] };
    const result = layout(graph);
    const route = result.routes[edgeKey("web", "db")];
    expect(route).toHaveLength(1);
    expect(route?.[0]?.[1]).not.toBe(result.places.orders?.[1]);
  });

  it("places 300 nodes without two of them touching, and not as a thin tower", () => {
    const result = layout(large(300));
    expect(Object.keys(result.places)).toHaveLength(300);
    expect(closest(result)).toBeGreaterThan(52);
    const xs = Object.values(result.places).map(([x]) => x);
    const ys = Object.values(result.places).map(([, y]) => y);
    const shape = (Math.max(...xs) - Math.min(...xs)) / (Math.max(...ys) - Math.min(...ys));
    expect(shape).toBeGreaterThan(0.3);
    expect(shape).toBeLessThan(6);
  });

  it("gives an empty graph an empty layout", () => {
    expect(layout({ nodes: [], edges: [] })).toEqual({ places: {}, routes: {} });
  });
});

describe("isotonic", () => {
  it("leaves an ascending list alone", () => {
    expect(isotonic([1, 2, 2, 5])).toEqual([1, 2, 2, 5]);
  });

  it("pools neighbours that are out of order into their mean", () => {
    expect(isotonic([1, 4, 2, 6])).toEqual([1, 3, 3, 6]);
  });
});

describe("crossings", () => {
  it("counts each pair of crossing edges once", () => {
    const after = [[3], [2], [], []];
    expect(
      crossingsOf(
        [
          [0, 1],
          [2, 3],
        ],
        after,
      ),
    ).toBe(1);
    expect(
      crossingsOf(
        [
          [1, 0],
          [2, 3],
        ],
        after,
      ),
    ).toBe(0);
  });
});
