/** The spans of a trace as a tree of row numbers. Pure; works on the columns of the skeleton. */

import type { Skeleton } from "../api/types";

export const ERROR = 1;
export const FAULT = 2;
export const THROTTLE = 4;
export const IN_PROGRESS = 8;
export const SEGMENT = 16;
export const INFERRED = 32;
export const ORPHAN = 64;
export const AWS = 128;
export const REMOTE = 256;

export interface Tree {
  count: number;
  /** First row after the row's descendants. */
  end: Int32Array;
  /** Number of direct children. */
  children: Int32Array;
  /** Place among its siblings from 1, and how many there are. */
  place: Int32Array;
  siblings: Int32Array;
}

/** Reads parents and depths; the rows are in display order, parents before their children. */
export function treeOf({ parent }: Pick<Skeleton, "parent">): Tree {
  const count = parent.length;
  const end = new Int32Array(count);
  const children = new Int32Array(count);
  const place = new Int32Array(count);
  const siblings = new Int32Array(count);
  let roots = 0;
  for (let row = 0; row < count; row += 1) {
    const up = parent[row] ?? -1;
    if (up < 0) {
      roots += 1;
      place[row] = roots;
    } else {
      children[up] = (children[up] ?? 0) + 1;
      place[row] = children[up] ?? 0;
    }
    end[row] = row + 1;
  }
  for (let row = count - 1; row >= 0; row -= 1) {
    const up = parent[row] ?? -1;
    if (up >= 0) end[up] = Math.max(end[up] ?? 0, end[row] ?? 0);
    siblings[row] = up < 0 ? roots : (children[up] ?? 0);
  }
  return { count, end, children, place, siblings };
}

/** The rows to show, in order: without what is below a collapsed row and, with `kept`, only those. */
export function visibleRows(
  tree: Tree,
  collapsed: ReadonlySet<number>,
  kept: Uint8Array | null = null,
): number[] {
  const rows: number[] = [];
  for (let row = 0; row < tree.count; ) {
    const isShown = !kept || kept[row] === 1;
    if (isShown) rows.push(row);
    row = !isShown || collapsed.has(row) ? (tree.end[row] ?? row + 1) : row + 1;
  }
  return rows;
}

/** 1 for every row that passes, and for all rows above one that does. */
export function withAncestors(
  parent: readonly number[],
  passes: (row: number) => boolean,
): Uint8Array {
  const kept = new Uint8Array(parent.length);
  for (let row = 0; row < parent.length; row += 1) {
    if (!passes(row)) continue;
    for (let up = row; up >= 0 && kept[up] === 0; up = parent[up] ?? -1) kept[up] = 1;
  }
  return kept;
}

/** All rows that have children: what "collapse all" collapses. The roots stay open. */
export function allParents(tree: Tree, parent: readonly number[]): Set<number> {
  const rows = new Set<number>();
  for (let row = 0; row < tree.count; row += 1) {
    if ((tree.children[row] ?? 0) > 0 && (parent[row] ?? -1) >= 0) rows.add(row);
  }
  return rows;
}

/** Whether the row failed in any way. */
export function isTrouble(flags: number): boolean {
  return (flags & (ERROR | FAULT | THROTTLE)) !== 0;
}

/** The one outcome of a row: throttle before fault before error, as it is counted. */
export function outcomeOf(flags: number): "ok" | "error" | "throttle" | "fault" {
  if (flags & THROTTLE) return "throttle";
  if (flags & FAULT) return "fault";
  return flags & ERROR ? "error" : "ok";
}

/** The rows whose name, service, detail, id or status holds the text; empty for an empty text. */
export function matches(skeleton: Skeleton, text: string): number[] {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return [];
  const names = skeleton.names.map((name) => name.toLowerCase().includes(wanted));
  const services = skeleton.services.map((name) => name.toLowerCase().includes(wanted));
  const rows: number[] = [];
  for (let row = 0; row < skeleton.parent.length; row += 1) {
    if (
      names[skeleton.name[row] ?? -1] ||
      services[skeleton.service[row] ?? -1] ||
      skeleton.detail[row]?.toLowerCase().includes(wanted) ||
      skeleton.span_id[row] === wanted ||
      String(skeleton.status[row]) === wanted
    ) {
      rows.push(row);
    }
  }
  return rows;
}

/** The next of `rows` after `from` (or before it), round the end; -1 when there is none. */
export function nextOf(rows: readonly number[], from: number, direction: 1 | -1): number {
  if (rows.length === 0) return -1;
  if (direction === 1) return rows.find((row) => row > from) ?? (rows[0] as number);
  return rows.findLast((row) => row < from) ?? (rows.at(-1) as number);
}

/** First start and last end of all rows, µs after the trace's start; at least one µs long. */
export function extentOf(skeleton: Skeleton): [from: number, to: number] {
  let from = 0;
  let to = Math.max(skeleton.duration_us, 1);
  for (let row = 0; row < skeleton.offset_us.length; row += 1) {
    const start = skeleton.offset_us[row] ?? 0;
    from = Math.min(from, start);
    to = Math.max(to, start + Math.max(0, skeleton.span_us[row] ?? 0));
  }
  return [from, to];
}

/** Round times for the ruler between two ends, about `wanted` of them. */
export function rulerTicks(from: number, to: number, wanted: number): number[] {
  const rough = (to - from) / Math.max(1, wanted);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10) * power;
  const ticks: number[] = [];
  for (let tick = Math.ceil(from / step) * step; tick <= to; tick += step) {
    ticks.push(Math.round(tick * 1e6) / 1e6 + 0);
  }
  return ticks;
}
