/** The search part of the address: the state of a page, in one order, defaults left out. */

import { DEFAULT_RANGE, parseRange, rangeText } from "./range";

export interface Search {
  /** Time range, `url/range`. */
  t?: string;
  /** Filter expression. */
  q?: string;
  /** Display zone; the browser's when absent. */
  tz?: "UTC";
  /** Seconds between automatic refreshes. */
  r?: number;
  /** View options of the page, `viewOf`. */
  v?: string;
  /** Selected node, edge or span: `node:…`, `edge:…`, `span:…`. */
  sel?: string;
  /** Visible window of a timeline in ms: `120.5~340`. */
  win?: string;
}

const ORDER = ["t", "q", "tz", "r", "v", "sel", "win"] as const;
export const REFRESH_SECONDS = [10, 30, 60, 300] as const;

/** Reads the search part, X-Ray's own names (`timeRange`, `filter`) and its ranges included. */
export function parseSearch(text: string): Search {
  const given = new URLSearchParams(text.replace(/^[^?]*\?/, ""));
  return validSearch({
    ...Object.fromEntries(given),
    t: given.get("t") ?? given.get("timeRange") ?? undefined,
    q: given.get("q") ?? given.get("filter") ?? undefined,
  });
}

/** Keeps what is legal; a part that is not is dropped, as if it had not been given. */
export function validSearch(given: Record<string, unknown>): Search {
  const text = (name: string) => {
    const value = given[name];
    return value == null || value === "" ? undefined : String(value);
  };
  const search: Search = {};
  const range = parseRange(text("t") ?? "");
  if (range && rangeText(range) !== DEFAULT_RANGE) search.t = rangeText(range);
  const q = text("q")?.trim();
  if (q) search.q = q;
  if (text("tz")?.toUpperCase() === "UTC") search.tz = "UTC";
  const refresh = REFRESH_SECONDS.find((seconds) => seconds === Number(text("r")));
  if (refresh) search.r = refresh;
  const v = text("v");
  if (v) search.v = v;
  const sel = text("sel");
  if (sel) search.sel = sel;
  const win = text("win");
  if (win && parseWindow(win)) search.win = win;
  return search;
}

/** The search part with its `?`, or empty. */
export function stringifySearch(search: Search): string {
  const legal = validSearch(search as Record<string, unknown>);
  const parts = ORDER.flatMap((name) => {
    const value = legal[name];
    return value === undefined ? [] : [`${name}=${encoded(String(value))}`];
  });
  return parts.length > 0 ? `?${parts.join("&")}` : "";
}

/** Percent-encoding that leaves readable what is legal in a query. */
function encoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/%20/g, "+")
    .replace(/%(3A|2C|7E|2F|40|7C|24|3B)/g, (code) => decodeURIComponent(code));
}

/** What travels with the user from page to page. */
export function travelling(search: Search): Search {
  const { t, q, tz, r } = search;
  return { ...(t && { t }), ...(q && { q }), ...(tz && { tz }), ...(r && { r }) };
}

/** View options as a map: `label:p95,depth:2`. Values are percent-encoded where they hold `,` or `:`. */
export function viewOf(v: string | undefined): Map<string, string> {
  const view = new Map<string, string>();
  for (const part of (v ?? "").split(",")) {
    const colon = part.indexOf(":");
    if (colon > 0) view.set(part.slice(0, colon), unescaped(part.slice(colon + 1)));
  }
  return view;
}

function unescaped(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** View options as text, without those that are empty; undefined when none is left. */
export function viewText(view: Map<string, string>): string | undefined {
  const parts = [...view]
    .filter(([, value]) => value !== "")
    .map(([name, value]) => `${name}:${value.replace(/[%,:]/g, (c) => encodeURIComponent(c))}`);
  return parts.length > 0 ? parts.join(",") : undefined;
}

/** Start and end in ms of `win`; null when it is not one. */
export function parseWindow(text: string | undefined): [number, number] | null {
  const parts = /^(-?\d+(?:\.\d+)?)~(-?\d+(?:\.\d+)?)$/.exec(text ?? "");
  if (!parts) return null;
  const [from, to] = [Number(parts[1]), Number(parts[2])];
  return from < to ? [from, to] : null;
}

/** `win` of a window in ms. */
export function windowText([from, to]: readonly [number, number]): string {
  return `${Number(from.toFixed(3))}~${Number(to.toFixed(3))}`;
}
