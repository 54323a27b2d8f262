import { Link, Navigate } from "@tanstack/react-router";
import { useDeferredValue, useMemo, useState } from "react";
import { nowUs, useServiceMap } from "../api/queries";
import type { ServiceMap } from "../api/types";
import { FilterWrong, isFilterError, NothingMatches } from "../frame/FilterAnswers";
import { NothingHere } from "../frame/NothingHere";
import { useShortcuts } from "../frame/shortcuts";
import { Icon } from "../parts/Icon";
import { Button, Failure, Message, Patience, partStyles } from "../parts/parts";
import { ago, plural } from "../text/format";
import { around as aroundTime, parseRange, type Range } from "../url/range";
import { travelling, viewOf, viewText } from "../url/search";
import { useAddress } from "../url/useAddress";
import { around, part, selectionOf, shapeOf, shortName, troubled } from "./graph";
import styles from "./MapPage.module.css";
import { MapPanel } from "./MapPanel";
import { MapView } from "./MapView";
import type { Measure } from "./scene";
import { useLayout } from "./useLayout";

const MEASURES: readonly [Measure, string][] = [
  ["p50", "p50"],
  ["p95", "p95"],
  ["average", "Average"],
];

/** The landing page: who calls whom, how often, how fast, and what fails. */
export function MapPage() {
  const { search, t } = useAddress();
  const q = search.q ?? "";
  const query = useServiceMap(t, q, search.r);

  if (query.isPending) return <Waiting />;
  if (isFilterError(query.error)) return <FilterWrong error={query.error} />;
  if (query.isError && !query.data) {
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (!query.data) return null;
  if (query.data.nodes.length === 0) {
    if (query.data.elsewhere) return <NothingHere elsewhere={query.data.elsewhere} />;
    if (q) return <NothingMatches q={q} total={null} />;
    return <NothingInRange latest={query.data.latest_us} />;
  }
  return <Shown map={query.data} isStale={query.isPlaceholderData} />;
}

function Shown({ map, isStale }: { map: ServiceMap; isStale: boolean }) {
  const { search, set } = useAddress();
  const view = useMemo(() => viewOf(search.v), [search.v]);
  const measure = MEASURES.find(([name]) => name === view.get("label"))?.[0] ?? "p50";
  const isTroubleOnly = view.get("trouble") === "1";
  const depth = Math.max(1, Math.min(9, Number(view.get("depth")) || 1));
  const focus = map.nodes.find(({ id }) => id === view.get("focus"));
  const [sought, setSought] = useState("");
  const wanted = useDeferredValue(sought.trim().toLowerCase());

  const setView = (changes: Record<string, string>) => {
    const next = new Map([...view, ...Object.entries(changes)]);
    set({ v: viewText(next) });
  };
  const shown = useMemo(() => {
    if (focus) return part(map, around(map, focus.id, depth));
    return isTroubleOnly ? part(map, troubled(map)) : map;
  }, [map, focus, depth, isTroubleOnly]);
  const { layout, rearrange } = useLayout(shown, focus || isTroubleOnly ? null : "map.layout");
  const found = useMemo(() => {
    if (wanted === "") return null;
    const matches = shown.nodes.filter((n) => `${n.name} ${n.type}`.toLowerCase().includes(wanted));
    return new Set(matches.map(({ id }) => id));
  }, [shown, wanted]);
  const selection = selectionOf(map, search.sel);
  const select = (sel: string | null) => set({ sel: sel ?? undefined });
  const focusOn = (id: string) => setView({ focus: id, depth: "" });

  useShortcuts({
    Escape: () => {
      if (search.sel) select(null);
      else if (focus) setView({ focus: "", depth: "" });
    },
    f: () => {
      if (selection?.kind === "node" && selection.node.id !== focus?.id) focusOn(selection.node.id);
      else if (focus) setView({ focus: "", depth: "" });
    },
  });

  const fitKey = focus ? `focus ${focus.id} ${depth}` : isTroubleOnly ? "trouble" : "all";
  const isLaidOut = layout && shown.nodes.every(({ id }) => layout.places[id]);
  return (
    <div className={styles.page} data-stale={isStale || undefined}>
      <div className={styles.stage}>
        <h1 className="visually-hidden">Service map</h1>
        <div className={styles.tools}>
          <label className={styles.search}>
            <Icon name="search" size={15} />
            <input
              className={partStyles.input}
              type="search"
              placeholder={`Find among ${plural(map.nodes.length, "node")}`}
              aria-label="Find a node"
              value={sought}
              onChange={(event) => setSought(event.target.value)}
              onKeyDown={(event) => {
                if (event.key === "Escape") setSought("");
                const [first] = found ?? [];
                if (event.key === "Enter" && first) select(`node:${first}`);
              }}
            />
          </label>
          <fieldset className={styles.segments} aria-label="Latency shown in the nodes">
            {MEASURES.map(([name, label]) => (
              <button
                key={name}
                type="button"
                aria-pressed={measure === name}
                onClick={() => setView({ label: name === "p50" ? "" : name })}
              >
                {label}
              </button>
            ))}
          </fieldset>
          <Button
            aria-pressed={isTroubleOnly}
            icon="fault"
            onClick={() => setView({ trouble: isTroubleOnly ? "" : "1", focus: "" })}
          >
            Only trouble
          </Button>
          <Button icon="layout" label="Arrange anew" onClick={rearrange} />
          {focus && (
            <div className={styles.focus}>
              <Icon name="focus" size={15} />
              <strong>{shortName(focus.name)}</strong>
              <span>and</span>
              <Button
                looks={["plain", "small"]}
                icon="minus"
                label="One call less"
                disabled={depth === 1}
                onClick={() => setView({ depth: depth > 2 ? String(depth - 1) : "" })}
              />
              <span className="numeric">{plural(depth, "call")} away</span>
              <Button
                looks={["plain", "small"]}
                icon="plus"
                label="One call more"
                onClick={() => setView({ depth: String(depth + 1) })}
              />
              <Button
                looks={["plain", "small"]}
                icon="close"
                label="Leave focus (f)"
                onClick={() => setView({ focus: "", depth: "" })}
              />
            </div>
          )}
          <output className="visually-hidden">
            {found ? plural(found.size, "node matches", "nodes match") : ""}
          </output>
        </div>
        {search.q && <FilterNote q={search.q} isPart={map.is_part} />}
        {shown.nodes.length === 0 ? (
          <Message
            title="No trouble in this range"
            actions={<Button onClick={() => setView({ trouble: "" })}>Show all nodes</Button>}
          >
            No node has 1 % or more faults, errors or throttled requests.
          </Message>
        ) : isLaidOut ? (
          <MapView
            map={shown}
            layout={layout}
            measure={measure}
            selected={search.sel ?? null}
            found={found}
            onSelect={select}
            onFocus={focusOn}
            fitKey={`${fitKey} ${fitKey === "all" ? "" : shapeOf(shown).length}`}
          />
        ) : (
          <Waiting />
        )}
      </div>
      {selection && (
        <MapPanel
          map={map}
          selection={selection}
          onSelect={select}
          onFocus={focusOn}
          isFocused={focus !== undefined}
        />
      )}
    </div>
  );
}

/** With a filter the map counts the traces that match, and all of each. */
function FilterNote({ q, isPart }: { q: string; isPart: boolean }) {
  return (
    <p className={styles.note}>
      {isPart
        ? "More traces match than a map counts; it shows 5,000 of those that match "
        : "The map shows the traces that match "}
      <code>{q}</code>.{" "}
      <Link to="/traces" search={travelling}>
        List them
      </Link>
    </p>
  );
}

function Waiting() {
  return (
    <div className={styles.waiting} aria-busy="true">
      <span className="visually-hidden">Loading the service map</span>
      {[0, 1, 1, 2, 2, 2].map((column, index) => (
        <div
          // biome-ignore lint/suspicious/noArrayIndexKey: a fixed picture
          key={index}
          className={`${partStyles.skeleton} ${styles.ghost}`}
          style={{ gridColumn: column + 1 }}
        />
      ))}
      <Patience />
    </div>
  );
}

/** Nothing here: says where the newest trace is and goes there; an empty store leads to the start. */
export function NothingInRange({ latest }: { latest: number | null }) {
  const { range, setRange } = useAddress();
  if (latest === null) return <Navigate to="/start" search={travelling} replace />;
  const wider = range.kind === "relative" && nowUs() - latest < 30 * 86_400e6;
  return (
    <Message
      title="No traces in this range"
      actions={
        <>
          <Button looks={["primary"]} onClick={() => setRange(aroundTime(latest))}>
            Go to the latest trace
          </Button>
          {wider && (
            <Button onClick={() => setRange(parseRange(fitting(nowUs() - latest)) as Range)}>
              Widen the range to it
            </Button>
          )}
        </>
      }
    >
      {`The latest trace came ${ago(latest, nowUs())}.`}
    </Message>
  );
}

/** The shortest offered range that reaches back this far. */
function fitting(us: number): string {
  const lengths: [string, number][] = [
    ["PT1H", 1],
    ["PT6H", 6],
    ["P1D", 24],
    ["P7D", 168],
  ];
  return lengths.find(([, hours]) => us < hours * 3600e6)?.[0] ?? "P30D";
}
