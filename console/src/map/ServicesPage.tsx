import { Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useServiceMap } from "../api/queries";
import type { MapNode, ServiceMap } from "../api/types";
import { FilterWrong, isFilterError, NothingMatches } from "../frame/FilterAnswers";
import { NothingHere } from "../frame/NothingHere";
import { Icon } from "../parts/Icon";
import { Failure, Patience, partStyles, Skeleton } from "../parts/parts";
import { expressionOf } from "../text/expression";
import { count, duration, percent, plural, rate } from "../text/format";
import { type Search, travelling, viewOf, viewText } from "../url/search";
import { useAddress } from "../url/useAddress";
import { neighboursOf, perMinute, type Shares, sharesOf, shortName, typeName } from "./graph";
import { NothingInRange } from "./MapPage";
import styles from "./ServicesPage.module.css";

interface Row {
  node: MapNode;
  type: string;
  shares: Shares;
  perMinute: number;
  callers: number;
  callees: number;
}

type Column = [key: string, name: string, value: (row: Row) => string | number];

const COLUMNS: readonly Column[] = [
  ["name", "Service", (row) => row.node.name.toLowerCase()],
  ["type", "Type", (row) => row.type],
  ["rate", "Rate", (row) => row.perMinute],
  ["requests", "Requests", (row) => row.shares.total],
  ["faults", "Faults", (row) => row.shares.fault],
  ["errors", "Errors", (row) => row.shares.error],
  ["throttles", "Throttled", (row) => row.shares.throttle],
  ["p50", "p50", (row) => row.node.counts?.p50_us ?? -1],
  ["p95", "p95", (row) => row.node.counts?.p95_us ?? -1],
  ["p99", "p99", (row) => row.node.counts?.p99_us ?? -1],
  ["callers", "Callers", (row) => row.callers],
  ["callees", "Calls", (row) => row.callees],
];

/** The service map as a table: the same nodes and numbers, sortable. */
export function ServicesPage() {
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
  return <Table map={query.data} />;
}

function Table({ map }: { map: ServiceMap }) {
  const { search, set } = useAddress();
  const navigate = useNavigate();
  const [sought, setSought] = useState("");
  const view = viewOf(search.v);
  const [sort, isDown] = sortOf(view.get("sort"));
  const rows = useMemo(() => rowsOf(map), [map]);
  const shown = useMemo(() => {
    const wanted = sought.trim().toLowerCase();
    const value = COLUMNS.find(([key]) => key === sort)?.[2] ?? ((row: Row) => row.perMinute);
    return rows
      .filter(({ node, type }) => `${node.name} ${type}`.toLowerCase().includes(wanted))
      .sort((a, b) => {
        const [x, y] = [value(a), value(b)];
        const order = x < y ? -1 : x > y ? 1 : 0;
        return (isDown ? -order : order) || (a.node.id < b.node.id ? -1 : 1);
      });
  }, [rows, sought, sort, isDown]);
  const sortBy = (key: string) => {
    const down = key === sort ? !isDown : key !== "name" && key !== "type";
    view.set("sort", key === "rate" && down ? "" : `${key}${down ? "-" : "+"}`);
    set({ v: viewText(view) }, true);
  };
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <h1>Services</h1>
        <span className={styles.number}>{plural(shown.length, "node")}</span>
        <label className={styles.search}>
          <Icon name="search" size={15} />
          <input
            className={partStyles.input}
            type="search"
            placeholder="Find a service"
            aria-label="Find a service"
            value={sought}
            onChange={(event) => setSought(event.target.value)}
          />
        </label>
      </header>
      <div className={styles.scroll}>
        <table className={styles.table}>
          <thead>
            <tr>
              {COLUMNS.map(([key, name]) => (
                <th
                  key={key}
                  scope="col"
                  aria-sort={key !== sort ? "none" : isDown ? "descending" : "ascending"}
                >
                  <button type="button" onClick={() => sortBy(key)}>
                    {name}
                    {key === sort && <span aria-hidden="true">{isDown ? " ↓" : " ↑"}</span>}
                  </button>
                </th>
              ))}
              <th scope="col">
                <span className="visually-hidden">Traces</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {shown.map(({ node, type, shares, ...row }) => (
              <tr
                key={node.id}
                onDoubleClick={() =>
                  void navigate({
                    to: "/map",
                    search: (before: Search) => ({ ...travelling(before), sel: `node:${node.id}` }),
                  })
                }
              >
                <th scope="row" title={node.name}>
                  <Link
                    to="/map"
                    search={(before: Search) => ({ ...travelling(before), sel: `node:${node.id}` })}
                  >
                    {shortName(node.name)}
                  </Link>
                </th>
                <td>{type}</td>
                <td>{rate(row.perMinute)}</td>
                <td>{count(shares.total)}</td>
                <Share share={shares.fault} outcome="fault" />
                <Share share={shares.error} outcome="error" />
                <Share share={shares.throttle} outcome="throttle" />
                <Time us={node.counts?.p50_us} />
                <Time us={node.counts?.p95_us} />
                <Time us={node.counts?.p99_us} />
                <td>{row.callers}</td>
                <td>{row.callees}</td>
                <td>
                  <Link
                    to="/traces"
                    search={(before: Search) => ({
                      ...travelling(before),
                      q: expressionOf({ services: [node.name] }),
                    })}
                    aria-label={`Traces of ${node.name}`}
                  >
                    Traces
                  </Link>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** `p95-` is by p95, largest first; the rate without a choice. */
function sortOf(text: string | undefined): [key: string, isDown: boolean] {
  const key = text?.slice(0, -1);
  return COLUMNS.some(([name]) => name === key)
    ? [key as string, text?.at(-1) === "-"]
    : ["rate", true];
}

function rowsOf(map: ServiceMap): Row[] {
  const neighbours = neighboursOf(map);
  return map.nodes
    .filter((node) => node.kind !== "client")
    .map((node) => {
      const shares = sharesOf(node.counts);
      const near = neighbours.get(node.id);
      return {
        node,
        shares,
        type: typeName(node),
        perMinute: perMinute(shares.total, map),
        callers: near?.callers.length ?? 0,
        callees: near?.callees.length ?? 0,
      };
    });
}

function Share({ share, outcome }: { share: number; outcome: string }) {
  return (
    <td>
      {share > 0 ? (
        <span className={styles.share} style={{ color: `var(--${outcome})` }}>
          {percent(share)}
        </span>
      ) : (
        <span className={styles.nothing}>–</span>
      )}
    </td>
  );
}

function Time({ us }: { us: number | null | undefined }) {
  return <td>{us == null ? <span className={styles.nothing}>–</span> : duration(us)}</td>;
}

function Waiting() {
  return (
    <div className={styles.page} aria-busy="true">
      <header className={styles.head}>
        <h1>Services</h1>
      </header>
      <div className={styles.waiting}>
        {Array.from({ length: 9 }, (_, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a fixed picture
          <Skeleton key={index} width="100%" height={22} />
        ))}
        <Patience />
      </div>
    </div>
  );
}
