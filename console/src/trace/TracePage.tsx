import { Link, useParams } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import { lazy, Suspense, useMemo } from "react";
import { ApiError } from "../api/client";
import { nowUs, useTrace } from "../api/queries";
import type { Skeleton as TraceSkeleton } from "../api/types";
import { buttonClass, CopyButton, Failure, Message, OutcomeMark, Skeleton } from "../parts/parts";
import { ago, duration, exact, plural } from "../text/format";
import { w3cTraceId } from "../text/traceId";
import { travelling, viewOf, viewText } from "../url/search";
import { useAddress } from "../url/useAddress";
import { SpanPanel } from "./SpanPanel";
import { Timeline } from "./Timeline";
import styles from "./TracePage.module.css";
import { isTrouble, SEGMENT } from "./tree";

const TraceMap = lazy(() => import("./TraceMap"));

/** One trace: where its time went and what failed. */
export function TracePage() {
  const { id } = useParams({ from: "/traces/$id" });
  const query = useTrace(id);
  if (query.isPending) return <Waiting />;
  if (query.isError && !query.data) {
    if (query.error instanceof ApiError && query.error.status === 404) return <NotFound id={id} />;
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  return query.data ? <Shown key={id} trace={query.data} /> : null;
}

function Shown({ trace }: { trace: TraceSkeleton }) {
  const { search, set } = useAddress();
  const view = viewOf(search.v);
  const tab = view.get("tab") === "map" ? "map" : "timeline";
  const chosen = useMemo(() => {
    const id = search.sel?.startsWith("span:") ? search.sel.slice(5) : null;
    return id === null ? -1 : trace.span_id.indexOf(id);
  }, [search.sel, trace]);
  const choose = (row: number | null) =>
    set({ sel: row === null ? undefined : `span:${trace.span_id[row]}` }, true);

  if (trace.span_id.length === 0) return <NotFound id={trace.id} />;
  return (
    <Tabs.Root
      className={styles.page}
      value={tab}
      onValueChange={(next) => {
        view.set("tab", next === "timeline" ? "" : next);
        set({ v: viewText(view), sel: undefined });
      }}
    >
      <Head trace={trace} />
      <Tabs.Content value="timeline" className={styles.content} tabIndex={-1}>
        <Timeline trace={trace} chosen={chosen} onChoose={choose} />
        {chosen >= 0 && (
          <SpanPanel
            trace={trace}
            row={chosen}
            onClose={() => choose(null)}
            onChoose={(row) => choose(row)}
          />
        )}
      </Tabs.Content>
      <Tabs.Content value="map" className={styles.content} tabIndex={-1}>
        <Suspense fallback={<Waiting />}>
          <TraceMap id={trace.id} />
        </Suspense>
      </Tabs.Content>
    </Tabs.Root>
  );
}

function Head({ trace }: { trace: TraceSkeleton }) {
  const { search } = useAddress();
  const numbers = useMemo(() => {
    let segments = 0;
    let trouble = 0;
    for (const flags of trace.flags) {
      if (flags & SEGMENT) segments += 1;
      if (isTrouble(flags)) trouble += 1;
    }
    return { segments, trouble };
  }, [trace]);
  const root = trace.services[trace.service[0] ?? 0] ?? trace.names[trace.name[0] ?? 0] ?? trace.id;
  return (
    <header className={styles.head}>
      <div className={styles.titles}>
        <Link to="/traces" search={travelling} className={styles.back}>
          Traces
        </Link>
        <h1>
          {root}
          {trace.detail[0] && <span className={styles.detail}>{trace.detail[0]}</span>}
        </h1>
        <span className={styles.badge} data-outcome={trace.outcome}>
          <OutcomeMark outcome={trace.outcome} />
        </span>
        {trace.is_partial && (
          <span
            className={styles.partial}
            title="Some spans have not come, or are still in progress"
          >
            Incomplete
          </span>
        )}
      </div>
      <div className={styles.line}>
        <dl className={styles.facts}>
          <div>
            <dt>Duration</dt>
            <dd>{duration(trace.duration_us)}</dd>
          </div>
          <div>
            <dt>Started</dt>
            <dd title={ago(trace.start_us, nowUs())}>{exact(trace.start_us, search.tz)}</dd>
          </div>
          <div>
            <dt>Spans</dt>
            <dd>
              {plural(trace.span_id.length, "span")} in {plural(numbers.segments, "segment")}
            </dd>
          </div>
          <div>
            <dt>Services</dt>
            <dd>{plural(trace.services.length, "service")}</dd>
          </div>
          {numbers.trouble > 0 && (
            <div>
              <dt>Trouble</dt>
              <dd className={styles.trouble}>{plural(numbers.trouble, "failed span")}</dd>
            </div>
          )}
          <div>
            <dt>Trace id</dt>
            <dd className={styles.id}>
              <code>{trace.id}</code>
              <CopyButton text={trace.id} label="Copy the trace id" />
              <button
                type="button"
                className={styles.w3c}
                title={`Copy in W3C's notation: ${w3cTraceId(trace.id)}`}
                onClick={() => void navigator.clipboard?.writeText(w3cTraceId(trace.id))}
              >
                W3C
              </button>
            </dd>
          </div>
        </dl>
        <Tabs.List className={styles.tabs} aria-label="Views of the trace">
          <Tabs.Trigger value="timeline">Timeline</Tabs.Trigger>
          <Tabs.Trigger value="map">Map</Tabs.Trigger>
        </Tabs.List>
      </div>
    </header>
  );
}

function NotFound({ id }: { id: string }) {
  return (
    <Message
      title="There is no such trace"
      actions={
        <Link to="/traces" search={travelling} className={buttonClass("primary")}>
          All traces
        </Link>
      }
    >
      <p>
        <code>{id}</code>
      </p>
      <p>
        It was not sampled, has not arrived yet (a second or two after the segment closed), or is
        older than the retention time.
      </p>
    </Message>
  );
}

function Waiting() {
  return (
    <div className={styles.waiting} aria-busy="true">
      <span className="visually-hidden">Loading the trace</span>
      <Skeleton width={320} height={26} />
      <Skeleton width="60%" height={18} />
      <Skeleton width="100%" height={54} />
      {[92, 70, 64, 40, 52, 28, 46].map((width) => (
        <Skeleton key={width} width={`${width}%`} height={16} />
      ))}
    </div>
  );
}
