/** The console's questions to the server, with what is kept of their answers. */

import {
  type InfiniteData,
  keepPreviousData,
  QueryClient,
  useInfiniteQuery,
  useQuery,
} from "@tanstack/react-query";
import { parseRange, resolve } from "../url/range";
import { ApiError, readMap, readSpan, readTrace, readTraceMap, readTraces } from "./client";
import type { TraceList } from "./types";

const PAGE = 100;

export function newQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        staleTime: 5_000,
        refetchOnWindowFocus: false,
        retry: (failures, error) =>
          failures < 2 && error instanceof ApiError && mayPass(error.status),
        retryDelay: (failures) => 500 * 2 ** failures,
      },
    },
  });
}

/** Whether the same question may be answered soon: nobody there, too many questions, a fault. */
function mayPass(status: number): boolean {
  return status === 0 || status === 429 || status >= 500;
}

/** Now, in epoch µs. */
export function nowUs(): number {
  return Date.now() * 1000;
}

function spanNow(t: string) {
  const range = parseRange(t);
  if (!range) throw new Error(`not a time range: ${t}`);
  return resolve(range, nowUs());
}

/** Milliseconds between refreshes; none for an absolute range, which cannot change much. */
function interval(t: string, refreshS: number | undefined): number | false {
  return refreshS && parseRange(t)?.kind === "relative" ? refreshS * 1000 : false;
}

const MINUTE_US = 60_000_000;

/** The map begins with a full minute: the server keeps those counted. */
export function useServiceMap(t: string, q: string, refreshS?: number) {
  return useQuery({
    queryKey: ["map", t, q],
    queryFn: ({ signal }) => {
      const { startUs, endUs } = spanNow(t);
      return readMap(Math.floor(startUs / MINUTE_US) * MINUTE_US, endUs, q, signal);
    },
    placeholderData: keepPreviousData,
    refetchInterval: interval(t, refreshS),
  });
}

export function useTraceMap(id: string) {
  return useQuery({
    queryKey: ["trace-map", id],
    queryFn: ({ signal }) => readTraceMap(id, signal),
    staleTime: 30_000,
  });
}

/** A page of the list with the range it was read for, which the later pages keep. */
export type TracePage = TraceList & { startUs: number; endUs: number };

interface PageParam {
  after: string;
  startUs: number;
  endUs: number;
}

export function useTraces(t: string, q: string, refreshS?: number) {
  return useInfiniteQuery({
    queryKey: ["traces", t, q],
    initialPageParam: null as PageParam | null,
    queryFn: async ({ signal, pageParam }): Promise<TracePage> => {
      const { startUs, endUs } = pageParam ?? spanNow(t);
      const list = await readTraces(
        { start: startUs, end: endUs, q, limit: PAGE, after: pageParam?.after ?? null },
        signal,
      );
      return { ...list, startUs, endUs };
    },
    getNextPageParam: (last): PageParam | null =>
      last.next ? { after: last.next, startUs: last.startUs, endUs: last.endUs } : null,
    placeholderData: keepPreviousData,
    // A refresh would read every loaded page again; it waits while somebody reads further down.
    refetchInterval: (query) =>
      (query.state.data?.pages.length ?? 0) > 1 ? false : interval(t, refreshS),
  });
}

/** Forgets all pages but the first of every trace list, so that a refresh reads one page. */
export function keepFirstPage(client: QueryClient): void {
  client.setQueriesData<InfiniteData<TracePage, PageParam | null>>(
    { queryKey: ["traces"] },
    (data) => data && { pages: data.pages.slice(0, 1), pageParams: data.pageParams.slice(0, 1) },
  );
}

export function useTrace(id: string) {
  return useQuery({
    queryKey: ["trace", id],
    queryFn: ({ signal }) => readTrace(id, signal),
    staleTime: 30_000,
  });
}

export function useSpan(id: string, span: string | null) {
  return useQuery({
    queryKey: ["span", id, span],
    queryFn: ({ signal }) => readSpan(id, span ?? "", signal),
    enabled: span !== null,
    placeholderData: keepPreviousData,
    staleTime: 30_000,
  });
}

/** The last minute's map, asked every two seconds: it knows of traces before, and elsewhere. */
export function useFirstTrace() {
  return useQuery({
    queryKey: ["first-trace"],
    queryFn: async ({ signal }) => {
      const now = nowUs();
      return readMap(now - 60e6, now, "", signal);
    },
    refetchInterval: 2_000,
    staleTime: 0,
    retry: false,
  });
}
