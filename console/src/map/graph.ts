/** What the map's pages ask of a service map: names, shares, neighbours, parts. Pure. */

import type { Counts, MapEdge, MapNode, ServiceMap } from "../api/types";
import { edgeKey } from "./layout";

export interface Shares {
  total: number;
  ok: number;
  error: number;
  throttle: number;
  fault: number;
}

/** Number of finished requests and the share of each outcome (0 to 1). */
export function sharesOf(counts: Counts | null): Shares {
  const { ok, error, throttle, fault } = counts ?? { ok: 0, error: 0, throttle: 0, fault: 0 };
  const total = ok + error + throttle + fault;
  const share = (part: number) => (total > 0 ? part / total : 0);
  return {
    total,
    ok: share(ok),
    error: share(error),
    throttle: share(throttle),
    fault: share(fault),
  };
}

/** From which share of requests on something counts as trouble. */
export const TROUBLE = 0.01;

export function isTroubled(counts: Counts | null): boolean {
  const { error, throttle, fault } = sharesOf(counts);
  return error >= TROUBLE || throttle >= TROUBLE || fault >= TROUBLE;
}

/** Whether the node itself sends no segments and is known from its callers only. */
export function isInferred(node: MapNode): boolean {
  return node.kind !== "service" && node.kind !== "client";
}

/** A name short enough for the map: the last part of a URL or an ARN. */
export function shortName(name: string): string {
  if (/^https?:\/\//.test(name)) {
    const parts = name
      .replace(/^https?:\/\//, "")
      .split("/")
      .filter(Boolean);
    return parts.length > 1 ? (parts.at(-1) ?? name) : (parts[0] ?? name);
  }
  if (/^arn:[^:]*:/.test(name)) return name.split(":").at(-1) ?? name;
  return name;
}

/** The type in plain words: `DynamoDB table`, `ECS container`, `SQL database`. */
export function typeName(node: Pick<MapNode, "type" | "kind">): string {
  if (node.kind === "client") return "Clients";
  if (node.kind === "sql") return "SQL database";
  if (node.type === "remote" || (node.kind === "remote" && !node.type)) return "Remote";
  if (!node.type) return "Service";
  const parts = node.type.replace(/^AWS::/, "").split("::");
  return parts.map((part, index) => (index === 0 ? part : part.toLowerCase())).join(" ");
}

/** Average time in µs; null without finished requests. */
export function averageUs(counts: Counts | null): number | null {
  const { total } = sharesOf(counts);
  return counts && total > 0 ? counts.total_us / total : null;
}

/** Requests a minute over the range of the answer. */
export function perMinute(total: number, map: Pick<ServiceMap, "start_us" | "end_us">): number {
  const minutes = Math.max((map.end_us - map.start_us) / 60e6, 1 / 60);
  return total / minutes;
}

export interface Neighbours {
  callers: MapEdge[];
  callees: MapEdge[];
}

/** Edges into and out of every node, by node id. */
export function neighboursOf(map: Pick<ServiceMap, "nodes" | "edges">): Map<string, Neighbours> {
  const result = new Map<string, Neighbours>(
    map.nodes.map((node) => [node.id, { callers: [], callees: [] }]),
  );
  for (const edge of map.edges) {
    result.get(edge.source)?.callees.push(edge);
    result.get(edge.target)?.callers.push(edge);
  }
  return result;
}

/** The nodes within `depth` calls up and within `depth` calls down of one, and itself. */
export function around(map: ServiceMap, focus: string, depth: number): Set<string> {
  const neighbours = neighboursOf(map);
  const found = new Set([focus]);
  for (const direction of ["callers", "callees"] as const) {
    let edge = [focus];
    for (let step = 0; step < depth; step += 1) {
      edge = edge
        .flatMap((id) => neighbours.get(id)?.[direction] ?? [])
        .map(({ source, target }) => (direction === "callers" ? source : target));
      for (const id of edge) found.add(id);
    }
  }
  return found;
}

/** The nodes in trouble and everything that leads to them. */
export function troubled(map: ServiceMap): Set<string> {
  const neighbours = neighboursOf(map);
  const found = new Set<string>();
  const waiting = [
    ...map.nodes.filter((node) => isTroubled(node.counts)).map((node) => node.id),
    ...map.edges.filter((edge) => isTroubled(edge.counts)).map((edge) => edge.target),
  ];
  for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    for (const { source } of neighbours.get(id)?.callers ?? []) waiting.push(source);
  }
  return found;
}

/** The map with only these nodes and the edges between them. */
export function part(map: ServiceMap, ids: ReadonlySet<string>): ServiceMap {
  return {
    ...map,
    nodes: map.nodes.filter((node) => ids.has(node.id)),
    edges: map.edges.filter((edge) => ids.has(edge.source) && ids.has(edge.target)),
  };
}

/** Equal while the layout need not change: node ids and edges as JSON, each in order. */
export function shapeOf(map: Pick<ServiceMap, "nodes" | "edges">): string {
  const nodes = map.nodes.map((node) => node.id).sort();
  const edges = map.edges.map((edge) => JSON.stringify([edge.source, edge.target])).sort();
  return `[${JSON.stringify(nodes)},[${edges.join(",")}]]`;
}

export type Selection =
  | { kind: "node"; node: MapNode }
  | { kind: "edge"; edge: MapEdge; source: MapNode; target: MapNode }
  | null;

/** What `sel` of the address names in this map. */
export function selectionOf(map: ServiceMap, sel: string | undefined): Selection {
  if (sel?.startsWith("node:")) {
    const node = map.nodes.find(({ id }) => id === sel.slice(5));
    return node ? { kind: "node", node } : null;
  }
  if (sel?.startsWith("edge:")) {
    const edge = map.edges.find((one) => edgeKey(one.source, one.target) === sel.slice(5));
    const source = map.nodes.find(({ id }) => id === edge?.source);
    const target = map.nodes.find(({ id }) => id === edge?.target);
    return edge && source && target ? { kind: "edge", edge, source, target } : null;
  }
  return null;
}
