import { useNavigate } from "@tanstack/react-router";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type MouseEvent, useEffect, useMemo, useRef, useState } from "react";
import { nowUs, useTraces } from "../api/queries";
import { FilterWrong, isFilterError, NothingMatches } from "../frame/FilterAnswers";
import { NothingHere } from "../frame/NothingHere";
import { useShortcuts } from "../frame/shortcuts";
import { NothingInRange } from "../map/MapPage";
import { Button, Failure, Patience, Skeleton } from "../parts/parts";
import { count, plural } from "../text/format";
import { travelling } from "../url/search";
import { useAddress } from "../url/useAddress";
import { TraceLine } from "./TraceLine";
import styles from "./TracesPage.module.css";
import { TracesPlot } from "./TracesPlot";

const ROW = 40;

/** The traces of the range that match the filter, newest first. */
export function TracesPage() {
  const { search, t, set } = useAddress();
  const q = search.q ?? "";
  const query = useTraces(t, q, search.r);
  const pages = query.data?.pages;
  const traces = useMemo(() => pages?.flatMap((page) => page.traces) ?? [], [pages]);
  const first = pages?.[0];
  const total = first?.total ?? null;

  const wrong = isFilterError(query.error) ? query.error : null;
  const isFilterWrong = wrong !== null;
  let body: React.ReactNode;
  if (query.isPending) body = <Waiting />;
  else if (wrong) {
    body = <FilterWrong error={wrong} />;
  } else if (query.isError && traces.length === 0) {
    body = <Failure error={query.error} onRetry={() => void query.refetch()} />;
  } else if (traces.length === 0) {
    body = first?.elsewhere ? (
      <NothingHere elsewhere={first.elsewhere} />
    ) : q && total !== 0 ? (
      <NothingMatches q={q} total={total} />
    ) : (
      <NothingInRange latest={first?.latest_us ?? null} />
    );
  } else {
    body = (
      <List
        traces={traces}
        isStale={query.isPlaceholderData}
        hasMore={query.hasNextPage}
        isReading={query.isFetchingNextPage}
        onMore={() => void query.fetchNextPage()}
        failed={query.isFetchNextPageError ? query.error : null}
      />
    );
  }
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>Traces</h1>
        <output className={styles.total}>
          {first && !isFilterWrong && totals(traces.length, total, q !== "", query.hasNextPage)}
        </output>
      </header>
      {first && traces.length > 0 && !isFilterWrong && (
        <TracesPlot
          traces={traces}
          startUs={first.startUs}
          endUs={first.endUs}
          onRange={(startUs, endUs) =>
            set({
              t: `${new Date(startUs / 1000).toISOString()}~${new Date(endUs / 1000).toISOString()}`,
            })
          }
        />
      )}
      {body}
    </div>
  );
}

function totals(
  loaded: number,
  total: number | null,
  isFiltered: boolean,
  hasMore: boolean,
): string {
  if (isFiltered) {
    const matches = hasMore
      ? `${count(loaded)} newest matches`
      : plural(loaded, "match", "matches");
    return total === null ? matches : `${matches} among ${plural(total, "trace")}`;
  }
  if (total === null) return plural(loaded, "trace");
  return hasMore
    ? `${plural(total, "trace")}, newest ${count(loaded)} shown`
    : plural(total, "trace");
}

interface ListProps {
  traces: Parameters<typeof TraceLine>[0]["trace"][];
  isStale: boolean;
  hasMore: boolean;
  isReading: boolean;
  onMore: () => void;
  failed: Error | null;
}

function List({ traces, isStale, hasMore, isReading, onMore, failed }: ListProps) {
  const { search } = useAddress();
  const navigate = useNavigate();
  const scroller = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState(-1);
  const now = nowUs();
  const virtual = useVirtualizer({
    count: traces.length + (hasMore ? 1 : 0),
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW,
    overscan: 10,
  });
  const items = virtual.getVirtualItems();
  const lastShown = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (hasMore && !isReading && !failed && lastShown >= traces.length - 20) onMore();
  }, [hasMore, isReading, failed, lastShown, traces.length, onMore]);

  const open = (id: string) =>
    void navigate({ to: "/traces/$id", params: { id }, search: travelling });
  const step = (by: number) => {
    const next = Math.max(0, Math.min(traces.length - 1, chosen + by));
    setChosen(next);
    virtual.scrollToIndex(next);
  };
  useShortcuts({
    j: () => step(1),
    k: () => step(-1),
    Enter: () => {
      const trace = traces[chosen];
      if (trace) open(trace.id);
    },
  });
  // A click anywhere on the row opens it; its link keeps the middle click and the menu.
  const onClick = (event: MouseEvent<HTMLElement>) => {
    const row = (event.target as HTMLElement).closest<HTMLElement>("[data-trace]");
    if (!row?.dataset.trace || (event.target as HTMLElement).closest("a, button")) return;
    if (getSelection()?.isCollapsed === false) return;
    open(row.dataset.trace);
  };

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: each row holds a link; the click is a larger target
    <div
      ref={scroller}
      className={styles.scroll}
      data-stale={isStale || undefined}
      role="table"
      aria-label="Traces"
      aria-rowcount={hasMore ? -1 : traces.length + 1}
      onClick={onClick}
    >
      <div className={`${styles.row} ${styles.names}`} role="row" aria-rowindex={1}>
        {COLUMNS.map((name) => (
          <span key={name} role="columnheader">
            {name}
          </span>
        ))}
      </div>
      <div role="rowgroup" className={styles.rows} style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const trace = traces[item.index];
          const style = { transform: `translateY(${item.start}px)`, height: ROW };
          if (!trace) {
            return (
              <div key="more" className={styles.more} style={style} role="row">
                {failed ? (
                  <Button looks={["small"]} onClick={onMore}>
                    {failed.message} Try again
                  </Button>
                ) : (
                  "Loading more…"
                )}
              </div>
            );
          }
          return (
            <TraceLine
              key={trace.id}
              trace={trace}
              index={item.index}
              isChosen={item.index === chosen}
              style={style}
              zone={search.tz}
              now={now}
            />
          );
        })}
      </div>
    </div>
  );
}

const COLUMNS = [
  "Time",
  "Outcome",
  "Duration",
  "Response",
  "Request",
  "Status",
  "Root service",
  "Services",
  "Faults",
  "User",
  "Annotations",
];

function Waiting() {
  return (
    <div className={styles.waiting} aria-busy="true">
      {Array.from({ length: 14 }, (_, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a fixed picture
        <Skeleton key={index} width="100%" height={20} />
      ))}
      <Patience />
    </div>
  );
}
