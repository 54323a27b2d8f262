/** The time range of a page: relative (`PT15M`, ends now) or absolute (`from~to`). Times are epoch µs. */

export interface Span {
  startUs: number;
  endUs: number;
}

export type Range =
  | { kind: "relative"; text: string; lengthUs: number }
  | ({ kind: "absolute" } & Span);

export const DEFAULT_RANGE = "PT15M";

/** Offered in the picker. */
export const RELATIVE_RANGES: readonly [text: string, label: string][] = [
  ["PT5M", "5 minutes"],
  ["PT15M", "15 minutes"],
  ["PT30M", "30 minutes"],
  ["PT1H", "1 hour"],
  ["PT3H", "3 hours"],
  ["PT6H", "6 hours"],
  ["PT12H", "12 hours"],
  ["P1D", "1 day"],
  ["P3D", "3 days"],
  ["P7D", "7 days"],
  ["P30D", "30 days"],
];

const DURATION = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?$/;
const UNITS_S = [604_800, 86_400, 3_600, 60, 1];
const LONGEST_S = 10 * 366 * 86_400;

/** Reads `t`; null when it is neither form. */
export function parseRange(text: string): Range | null {
  const parts = DURATION.exec(text.toUpperCase());
  if (parts) {
    const lengths = UNITS_S.map((size, index) => size * Number(parts[index + 1] ?? 0));
    const total = lengths.reduce((sum, length) => sum + length, 0);
    if (total <= 0 || total > LONGEST_S) return null;
    return { kind: "relative", text: text.toUpperCase(), lengthUs: total * 1e6 };
  }
  const ends = text.split("~");
  if (ends.length !== 2) return null;
  const [startUs, endUs] = ends.map(parseTime);
  if (startUs == null || endUs == null || startUs >= endUs) return null;
  return { kind: "absolute", startUs, endUs };
}

function parseTime(text: string): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d/.test(text)) return null;
  const ms = Date.parse(/Z$|[+-]\d\d:?\d\d$/i.test(text) ? text : `${text}Z`);
  return Number.isNaN(ms) ? null : ms * 1000;
}

/** The range as `t`. */
export function rangeText(range: Range): string {
  return range.kind === "relative" ? range.text : absoluteText(range);
}

/** `from~to` in ISO-8601, to the millisecond, without zero fractions. */
export function absoluteText({ startUs, endUs }: Span): string {
  return `${iso(Math.floor(startUs / 1000))}~${iso(Math.ceil(endUs / 1000))}`;
}

function iso(ms: number): string {
  return new Date(ms)
    .toISOString()
    .replace(/\.000Z$/, "Z")
    .replace(/:00Z$/, "Z");
}

/** Start and end at this moment. */
export function resolve(range: Range, nowUs: number): Span {
  if (range.kind === "absolute") return { startUs: range.startUs, endUs: range.endUs };
  return { startUs: nowUs - range.lengthUs, endUs: nowUs };
}

/** The same length one whole range earlier (-1) or later (1); never past now. */
export function shifted(range: Range, direction: -1 | 1, nowUs: number): Range {
  const { startUs, endUs } = resolve(range, nowUs);
  const length = endUs - startUs;
  const end = Math.min(endUs + direction * length, nowUs);
  return { kind: "absolute", startUs: end - length, endUs: end };
}

/** Twice the length around the same middle; never past now. */
export function widened(range: Range, nowUs: number): Range {
  const { startUs, endUs } = resolve(range, nowUs);
  const half = (endUs - startUs) / 2;
  const end = Math.min(endUs + half, nowUs);
  return { kind: "absolute", startUs: end - 4 * half, endUs: end };
}

/** A range that holds the moment, with a quarter of an hour before it. */
export function around(us: number): Range {
  return { kind: "absolute", startUs: us - 14 * 60e6, endUs: us + 60e6 };
}
