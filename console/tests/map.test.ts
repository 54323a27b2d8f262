import { describe, expect, it } from "vitest";
import type { Counts, MapEdge, MapNode, ServiceMap } from "../src/api/types";
import {
  around,
  part,
  perMinute,
  selectionOf,
  shapeOf,
  shortName,
  troubled,
  typeName,
} from "../src/map/graph";
import { edgeKey, layout } from "../src/map/layout";
import { arcsOf, hit, sceneOf } from "../src/map/scene";
import { fitted, zoomed } from "../src/map/view";
import { along, axisOf, barsOf, snapped, ticksOf, timeAt } from "../src/parts/histogram";

function counts(ok: number, fault = 0): Counts {
  return {
    ok,
    fault,
    error: 0,
    throttle: 0,
    total_us: ok * 1000,
    histogram: [[1024, ok + fault]],
    p50_us: 1000,
    p95_us: 1000,
    p99_us: 1000,
  };
}

function node(name: string, kind = "service", of: Counts | null = counts(10)): MapNode {
  return { id: `${name}||`, name, type: "", kind, is_root: false, counts: of };
}

function edge(source: MapNode, target: MapNode, of = counts(10)): MapEdge {
  return { source: source.id, target: target.id, aliases: [], counts: of };
}

const client = node("web-client", "client", null);
const web = node("web");
const orders = node("orders", "service", counts(90, 10));
const catalog = node("catalog");
const db = node("db", "sql");
const map: ServiceMap = {
  start_us: 0,
  end_us: 120e6,
  nodes: [client, web, orders, catalog, db],
  edges: [edge(client, web), edge(web, orders), edge(web, catalog), edge(orders, db)],
  latest_us: 1,
  elsewhere: null,
  is_part: false,
  took_ms: 1,
};

describe("the map", () => {
  it("focuses on what is so many calls up or down, not on siblings", () => {
    expect([...around(map, orders.id, 1)].sort()).toEqual([db.id, orders.id, web.id].sort());
    expect(around(map, orders.id, 2).has(client.id)).toBe(true);
    expect(around(map, orders.id, 9).has(catalog.id)).toBe(false);
  });

  it("shows of trouble what leads to it", () => {
    expect([...troubled(map)].sort()).toEqual([client.id, orders.id, web.id].sort());
  });

  it("keeps only the edges between the nodes that are left", () => {
    expect(part(map, new Set([web.id, orders.id])).edges).toHaveLength(1);
  });

  it("finds what the address selects, and nothing for what is not there", () => {
    expect(selectionOf(map, `node:${db.id}`)).toEqual({ kind: "node", node: db });
    const key = edgeKey(web.id, orders.id);
    expect(selectionOf(map, `edge:${key}`)).toMatchObject({
      kind: "edge",
      source: web,
      target: orders,
    });
    expect(selectionOf(map, "node:gone")).toBeNull();
    expect(selectionOf(map, undefined)).toBeNull();
  });

  it("has the same shape whatever its numbers and order", () => {
    const other = { nodes: [...map.nodes].reverse(), edges: [...map.edges].reverse() };
    expect(shapeOf(other)).toBe(shapeOf(map));
    expect(shapeOf({ ...map, edges: [] })).not.toBe(shapeOf(map));
  });

  it("gives rates by the minute of the range", () => {
    expect(perMinute(10, map)).toBe(5);
  });

  it("shortens queue URLs and ARNs to their last part", () => {
    expect(shortName("https://sqs.us-east-1.amazonaws.com/000000000000/mail")).toBe("mail");
    expect(shortName("arn:aws:sns:us-east-1:000000000000:news")).toBe("news");
    expect(shortName("orders")).toBe("orders");
  });

  it("says types in plain words", () => {
    expect(typeName({ type: "AWS::DynamoDB::Table", kind: "aws" })).toBe("DynamoDB table");
    expect(typeName({ type: "", kind: "service" })).toBe("Service");
    expect(typeName({ type: "remote", kind: "remote" })).toBe("Remote");
    expect(typeName({ type: "client", kind: "client" })).toBe("Clients");
  });
});

describe("the ring", () => {
  const shares = { total: 1000, ok: 0.989, error: 0.001, throttle: 0, fault: 0.01 };

  it("starts with faults and leaves absent outcomes out", () => {
    expect(arcsOf(shares).map(({ outcome }) => outcome)).toEqual(["fault", "error", "ok"]);
  });

  it("shows the smallest share with four degrees and stays a full circle", () => {
    const arcs = arcsOf(shares);
    for (const { from, to } of arcs) expect(to - from).toBeGreaterThanOrEqual(4 / 360 - 1e-9);
    expect(arcs.at(-1)?.to).toBeCloseTo(1);
  });
});

describe("the scene", () => {
  const placed = layout({
    nodes: map.nodes.map(({ id }) => id),
    edges: map.edges.map(({ source, target }) => [source, target]),
  });
  const scene = sceneOf(map, placed, "p50");

  it("knows the node under a point, and the edge where no node is", () => {
    const from = scene.byId.get(client.id);
    const to = scene.byId.get(web.id);
    if (!from || !to) throw new Error("not in the scene");
    expect(hit(scene, from.x + 3, from.y, 4)).toBe(`node:${client.id}`);
    expect(hit(scene, (from.x + to.x) / 2, from.y, 4)).toBe(`edge:${edgeKey(client.id, web.id)}`);
    expect(hit(scene, from.x, from.y + 400, 4)).toBeNull();
  });

  it("has a badge only where faults are one per cent or more", () => {
    expect(scene.byId.get(orders.id)?.badge).toBe("10 %");
    expect(scene.byId.get(web.id)?.badge).toBe("");
  });

  it("keeps a point in its place while zooming on it", () => {
    const view = fitted(scene.bounds, 800, 600);
    const next = zoomed(view, 1.7, 100, 200);
    expect((100 - next.dx) / next.k).toBeCloseTo((100 - view.dx) / view.k);
    expect((200 - next.dy) / next.k).toBeCloseTo((200 - view.dy) / view.k);
  });
});

describe("the histogram", () => {
  const buckets: [number, number][] = [
    [1000, 3],
    [2000, 0],
    [4000, 8],
    [64_000, 1],
  ];
  const bars = barsOf(buckets);

  it("leaves empty buckets out and keeps every count", () => {
    expect(bars.map(({ count }) => count)).toEqual([3, 8, 1]);
  });

  it("merges bars that would be too thin without losing a request", () => {
    const wide: [number, number][] = Array.from({ length: 200 }, (_, index) => [
      2 ** (index / 8),
      1,
    ]);
    const merged = barsOf(wide);
    expect(merged.length).toBeLessThan(120);
    expect(merged.reduce((sum, { count }) => sum + count, 0)).toBe(200);
  });

  it("has an axis whose inverse leads back", () => {
    const axis = axisOf(bars);
    expect(timeAt(along(5000, axis), axis)).toBeCloseTo(5000);
    expect(along(axis.low, axis)).toBeCloseTo(0);
    expect(ticksOf(axis)).toContain(10_000);
  });

  it("takes whole bars with a stroke, in either direction, and nothing where no bar is", () => {
    const [first, second] = bars;
    expect(snapped(bars, 950, 3900)).toEqual([first?.from, second?.to]);
    expect(snapped(bars, 3900, 950)).toEqual([first?.from, second?.to]);
    expect(snapped(bars, 10_000, 20_000)).toBeNull();
  });
});
