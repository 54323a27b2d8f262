/** Reading `/console/api/`. Addresses are relative to the page's base, so any base path works. */

import { type Json, parseExact } from "../text/json";
import type { Problem, ServiceMap, Skeleton, SpanDetail, TraceList } from "./types";

/** An answer that is not 200, or none at all (`status` 0). */
export class ApiError extends Error {
  constructor(
    readonly status: number,
    readonly problem: Problem,
  ) {
    super(problem.message);
  }
}

export interface Seconds {
  start: string;
  end: string;
}

/** Epoch µs as the server takes them: epoch seconds with all six digits. */
export function epochSeconds(us: number): string {
  return (us / 1e6).toFixed(6);
}

export function readMap(
  start: number,
  end: number,
  q: string,
  signal: AbortSignal,
): Promise<ServiceMap> {
  return read("map", { start: epochSeconds(start), end: epochSeconds(end), q }, signal);
}

export function readTraceMap(trace: string, signal: AbortSignal): Promise<ServiceMap> {
  return read("map", { trace }, signal);
}

export interface TraceQuery {
  start: number;
  end: number;
  q: string;
  limit: number;
  after: string | null;
}

export function readTraces(query: TraceQuery, signal: AbortSignal): Promise<TraceList> {
  const parameters: Record<string, string> = {
    start: epochSeconds(query.start),
    end: epochSeconds(query.end),
    limit: String(query.limit),
  };
  if (query.q) parameters.q = query.q;
  if (query.after) parameters.after = query.after;
  return read("traces", parameters, signal);
}

export function readTrace(id: string, signal: AbortSignal): Promise<Skeleton> {
  return read(`traces/${encodeURIComponent(id)}`, {}, signal);
}

/** A span with its document as the server's own text, and with that text's exact numbers. */
export interface SpanText extends SpanDetail {
  text: string;
  document: Json;
}

export async function readSpan(id: string, span: string, signal: AbortSignal): Promise<SpanText> {
  const path = `traces/${encodeURIComponent(id)}/spans/${encodeURIComponent(span)}`;
  const body = await readText(path, {}, signal);
  const detail = parsed<SpanDetail>(body);
  const text = documentText(body) ?? JSON.stringify(detail.document);
  return { ...detail, text, document: parseExact(text) };
}

/** The last member `document` of an object, as text. A quote inside a string is always escaped, so
 * the first `,"document":` is the member itself. */
export function documentText(body: string): string | null {
  const mark = /,\s*"document"\s*:\s*/.exec(body);
  const end = body.lastIndexOf("}");
  return mark && end > mark.index ? body.slice(mark.index + mark[0].length, end).trim() : null;
}

async function read<T>(
  path: string,
  parameters: Record<string, string>,
  signal: AbortSignal,
): Promise<T> {
  return parsed<T>(await readText(path, parameters, signal));
}

async function readText(
  path: string,
  parameters: Record<string, string>,
  signal: AbortSignal,
): Promise<string> {
  const address = new URL(`console/api/${path}`, document.baseURI);
  address.search = new URLSearchParams(parameters).toString();
  let answer: Response;
  let body: string;
  try {
    answer = await fetch(address, { signal, headers: { accept: "application/json" } });
    body = await answer.text();
  } catch (error) {
    if (signal.aborted) throw error;
    throw new ApiError(0, problem("Unreachable", "The server does not answer."));
  }
  if (!answer.ok) throw new ApiError(answer.status, problemIn(body, answer.status));
  return body;
}

function parsed<T>(body: string): T {
  try {
    return JSON.parse(body) as T;
  } catch {
    throw new ApiError(0, problem("BadAnswer", "The server's answer is not JSON."));
  }
}

function problemIn(body: string, status: number): Problem {
  try {
    const found = JSON.parse(body) as Partial<Problem>;
    if (typeof found.message === "string") return { ...problem("", ""), ...found };
  } catch {
    // Not ours: a proxy's page, for example.
  }
  return problem("BadAnswer", `The server answered with status ${status}.`);
}

function problem(error: string, message: string): Problem {
  return { error, message, offset: null, request_id: "" };
}
