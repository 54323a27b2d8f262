import { Link } from "@tanstack/react-router";
import { type ReactNode, useMemo, useState } from "react";
import type { Counts, MapEdge, MapNode, ServiceMap } from "../api/types";
import { Histogram } from "../parts/Histogram";
import { OutcomeBar } from "../parts/OutcomeBar";
import { Button, buttonClass, CopyButton } from "../parts/parts";
import { SidePanel } from "../parts/SidePanel";
import { expressionOf, joined, type Outcome } from "../text/expression";
import { count, duration, percent, rate } from "../text/format";
import { type Search, travelling } from "../url/search";
import { useAddress } from "../url/useAddress";
import {
  averageUs,
  isInferred,
  neighboursOf,
  perMinute,
  type Selection,
  sharesOf,
  shortName,
  typeName,
} from "./graph";
import { edgeKey } from "./layout";
import styles from "./MapPanel.module.css";

interface MapPanelProps {
  map: ServiceMap;
  selection: NonNullable<Selection>;
  onSelect: (selection: string | null) => void;
  onFocus?: (node: string) => void;
  isFocused?: boolean;
  /** Buttons that lead to the trace list make no sense on the map of one trace. */
  isSingleTrace?: boolean;
}

/** What is known of the chosen node or edge. */
export function MapPanel(props: MapPanelProps) {
  const { selection } = props;
  const label =
    selection.kind === "node"
      ? selection.node.name
      : `${shortName(selection.source.name)} to ${shortName(selection.target.name)}`;
  return (
    <SidePanel name="map" label={label} width={384}>
      {selection.kind === "node" ? (
        <NodePanel key={selection.node.id} {...props} node={selection.node} />
      ) : (
        <EdgePanel
          key={edgeKey(selection.edge.source, selection.edge.target)}
          {...props}
          edge={selection.edge}
          source={selection.source}
          target={selection.target}
        />
      )}
    </SidePanel>
  );
}

function NodePanel({
  map,
  node,
  onSelect,
  onFocus,
  isSingleTrace,
}: MapPanelProps & { node: MapNode }) {
  const neighbours = useMemo(() => neighboursOf(map).get(node.id), [map, node.id]);
  const isClient = node.kind === "client";
  return (
    <>
      <Head
        title={isClient ? `Clients of ${node.name}` : node.name}
        below={isClient ? "Whoever sent the first request" : describe(node)}
        copied={node.name}
        onClose={() => onSelect(null)}
      />
      <div className={styles.body}>
        {node.counts && (
          <Measured
            map={map}
            counts={node.counts}
            services={[node.name]}
            isRoot={node.is_root}
            view={isInferred(node) ? "As its callers saw it" : "As the service saw it"}
            isSingleTrace={isSingleTrace}
          />
        )}
        <Calls
          title="Called by"
          edges={neighbours?.callers ?? []}
          end="source"
          map={map}
          onSelect={onSelect}
          isSingleTrace={isSingleTrace}
        />
        <Calls
          title="Calls"
          edges={neighbours?.callees ?? []}
          end="target"
          map={map}
          onSelect={onSelect}
          isSingleTrace={isSingleTrace}
        />
        {onFocus && (
          <Button looks={["plain"]} icon="focus" onClick={() => onFocus(node.id)}>
            Focus the map on this node
          </Button>
        )}
      </div>
    </>
  );
}

interface EdgePanelProps extends MapPanelProps {
  edge: MapEdge;
  source: MapNode;
  target: MapNode;
}

function EdgePanel({ map, edge, source, target, onSelect, isSingleTrace }: EdgePanelProps) {
  const name = (node: MapNode) => (node.kind === "client" ? "Clients" : shortName(node.name));
  return (
    <>
      <Head
        title={
          <>
            <button
              type="button"
              className={styles.end}
              onClick={() => onSelect(`node:${source.id}`)}
            >
              {name(source)}
            </button>
            <span className={styles.arrow}> → </span>
            <button
              type="button"
              className={styles.end}
              onClick={() => onSelect(`node:${target.id}`)}
            >
              {name(target)}
            </button>
          </>
        }
        below={edge.aliases.length > 0 ? `Called as ${edge.aliases.join(", ")}` : typeName(target)}
        onClose={() => onSelect(null)}
      />
      <div className={styles.body}>
        <Measured
          map={map}
          counts={edge.counts}
          compared={
            source.kind === "client" || isInferred(target)
              ? undefined
              : (target.counts ?? undefined)
          }
          services={source.kind === "client" ? [target.name] : [source.name, target.name]}
          isRoot={source.kind === "client"}
          view={
            source.kind === "client"
              ? "As the service saw its clients' requests"
              : "As the caller saw it, network included"
          }
          isSingleTrace={isSingleTrace}
        />
      </div>
    </>
  );
}

function describe(node: MapNode): string {
  const type = typeName(node);
  if (isInferred(node)) return `${type}, seen through its callers`;
  return node.is_root ? `${type}, where traces begin` : type;
}

interface HeadProps {
  title: ReactNode;
  below: string;
  copied?: string;
  onClose: () => void;
}

function Head({ title, below, copied, onClose }: HeadProps) {
  return (
    <header className={styles.head}>
      <div className={styles.titles}>
        <h2>
          {title}
          {copied && <CopyButton text={copied} label="Copy the name" />}
        </h2>
        <p>{below}</p>
      </div>
      <Button looks={["plain", "small"]} icon="close" label="Close (Esc)" onClick={onClose} />
    </header>
  );
}

interface MeasuredProps {
  map: ServiceMap;
  counts: Counts;
  compared?: Counts | undefined;
  /** What the traces must touch. */
  services: string[];
  isRoot: boolean;
  view: string;
  isSingleTrace?: boolean | undefined;
}

/** Numbers, outcomes and the histogram; what is chosen in them becomes a filter expression. */
function Measured({ map, counts, compared, services, isRoot, view, isSingleTrace }: MeasuredProps) {
  const { search } = useAddress();
  const [outcome, setOutcome] = useState<Outcome | null>(null);
  const [brush, setBrush] = useState<[number, number] | null>(null);
  const { total } = sharesOf(counts);
  const average = averageUs(counts);
  // `responsetime` is the whole trace's. Below the root only a lower bound follows from the node's
  // own time: a trace is at least as slow as the slowest thing that it waits for.
  const expression = expressionOf({
    services,
    ...(outcome && { outcome }),
    ...(brush && { atLeastUs: Math.floor(brush[0]) }),
    ...(brush && isRoot && { atMostUs: Math.ceil(brush[1]) }),
  });
  return (
    <>
      <dl className={styles.figures}>
        {!isSingleTrace && <Figure name="Rate" value={rate(perMinute(total, map))} />}
        <Figure name="Requests" value={count(total)} />
        <Figure name="Average" value={average === null ? "–" : duration(average)} />
        <Figure name="p50" value={counts.p50_us === null ? "–" : duration(counts.p50_us)} />
        <Figure name="p95" value={counts.p95_us === null ? "–" : duration(counts.p95_us)} />
        <Figure name="p99" value={counts.p99_us === null ? "–" : duration(counts.p99_us)} />
      </dl>
      <section>
        <h3>Outcomes</h3>
        <OutcomeBar counts={counts} chosen={outcome} onChoose={setOutcome} />
      </section>
      <section>
        <h3>
          Response times
          <span>{view}</span>
        </h3>
        <Histogram
          counts={counts}
          compared={compared}
          brush={brush}
          {...(!isSingleTrace && { onBrush: setBrush })}
        />
        {compared && <p className={styles.remark}>Grey behind: the callee's own times</p>}
      </section>
      {!isSingleTrace && (
        <section className={styles.result}>
          <div className={styles.expression}>
            <code>{expression}</code>
            <CopyButton text={expression} label="Copy the filter" />
          </div>
          {(outcome || brush) && !isRoot && (
            <p className={styles.remark}>
              Outcome and response time are tested on the whole trace, as its first service
              answered.
            </p>
          )}
          <div className={styles.buttons}>
            <Link
              to="/traces"
              search={(before: Search) => ({ ...travelling(before), q: expression })}
              className={buttonClass("primary")}
            >
              View traces
            </Link>
            {search.q && (
              <Link
                to="/traces"
                search={(before: Search) => ({
                  ...travelling(before),
                  q: joined(before.q ?? "", expression),
                })}
                className={buttonClass()}
              >
                Add to the filter
              </Link>
            )}
            {(outcome || brush) && (
              <Button
                looks={["plain"]}
                onClick={() => {
                  setOutcome(null);
                  setBrush(null);
                }}
              >
                Clear
              </Button>
            )}
          </div>
        </section>
      )}
    </>
  );
}

function Figure({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

interface CallsProps {
  title: string;
  edges: MapEdge[];
  end: "source" | "target";
  map: ServiceMap;
  onSelect: (selection: string) => void;
  isSingleTrace: boolean | undefined;
}

function Calls({ title, edges, end, map, onSelect, isSingleTrace }: CallsProps) {
  const names = useMemo(() => new Map(map.nodes.map((node) => [node.id, node])), [map]);
  if (edges.length === 0) return null;
  const sorted = [...edges].sort((a, b) => sharesOf(b.counts).total - sharesOf(a.counts).total);
  return (
    <section>
      <h3>
        {title}
        <span>{edges.length}</span>
      </h3>
      <ul className={styles.calls}>
        {sorted.map((edge) => {
          const node = names.get(edge[end]);
          const shares = sharesOf(edge.counts);
          return (
            <li key={edge[end]}>
              <button
                type="button"
                onClick={() => onSelect(`edge:${edgeKey(edge.source, edge.target)}`)}
              >
                <span className={styles.callName}>
                  {node?.kind === "client" ? "Clients" : shortName(node?.name ?? edge[end])}
                </span>
                {shares.fault > 0 && (
                  <span className={styles.faults}>{percent(shares.fault)} faults</span>
                )}
                <span className={styles.callRate}>
                  {isSingleTrace ? `${count(shares.total)}×` : rate(perMinute(shares.total, map))}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
