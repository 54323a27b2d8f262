import type { ReactNode } from "react";
import type { SpanText } from "../api/client";
import type { Skeleton } from "../api/types";
import { CopyButton } from "../parts/parts";
import { duration, exact } from "../text/format";
import type { JsonObject } from "../text/json";
import { useAddress } from "../url/useAddress";
import { objectOf, textOf } from "./document";
import styles from "./SpanOverview.module.css";
import panel from "./SpanPanel.module.css";
import { INFERRED, ORPHAN } from "./tree";

interface OverviewProps {
  trace: Skeleton;
  row: number;
  span: SpanText;
  document: JsonObject;
  onChoose: (row: number) => void;
}

type Pair = [name: string, value: ReactNode, copied?: string];

/** Times, identity and the HTTP exchange of a span. */
export function Overview({ trace, row, span, document, onChoose }: OverviewProps) {
  const { search } = useAddress();
  const flags = trace.flags[row] ?? 0;
  const request = objectOf(objectOf(document.http).request);
  const response = objectOf(objectOf(document.http).response);
  const length = span.end_us === null ? null : span.end_us - span.start_us;
  const parent = trace.parent[row] ?? -1;

  const times: Pair[] = [
    ["Duration", length === null ? "In progress" : duration(length)],
    ["Starts", `${duration(span.start_us - trace.start_us)} after the trace`],
    ["Start", exact(span.start_us, search.tz)],
  ];
  if (span.end_us !== null) times.push(["End", exact(span.end_us, search.tz)]);

  const http: Pair[] = [];
  const add = (list: Pair[], name: string, value: unknown) => {
    const text = textOf(value);
    if (text) list.push([name, text, name === "URL" ? text : undefined] as Pair);
  };
  add(http, "Method", request.method);
  add(http, "URL", request.url);
  add(http, "Status", response.status);
  add(http, "Response size", bytes(response.content_length));
  add(http, "Client", request.client_ip);
  add(http, "User agent", request.user_agent);
  if (request.x_forwarded_for === true)
    http.push(["Forwarded", "Client taken from X-Forwarded-For"]);

  const identity: Pair[] = [
    ["Span id", <code key="id">{span.span_id}</code>, span.span_id],
    [
      "Parent",
      parent >= 0 ? (
        <button key="parent" type="button" className={styles.link} onClick={() => onChoose(parent)}>
          {trace.names[trace.name[parent] ?? 0]}
        </button>
      ) : span.parent_id ? (
        <span key="parent">
          <code>{span.parent_id}</code>
          {flags & ORPHAN ? ", which has not come" : ""}
        </span>
      ) : (
        "None: the trace begins here"
      ),
    ],
    ["Service", span.service || "Unknown"],
  ];
  if (span.node_name && span.node_name !== span.service) identity.push(["Calls", span.node_name]);
  add(identity, "Namespace", document.namespace);
  add(identity, "Origin", document.origin);
  add(identity, "User", document.user);
  add(identity, "Version", objectOf(document.service).version);
  if (flags & INFERRED || span.inferred)
    identity.push(["Inferred", "From the call to it; it sent no segment"]);

  return (
    <>
      <Pairs title="Time" pairs={times} />
      {http.length > 0 && <Pairs title="HTTP" pairs={http} />}
      <Pairs title="Identity" pairs={identity} />
    </>
  );
}

function Pairs({ title, pairs }: { title: string; pairs: Pair[] }) {
  return (
    <section className={styles.section}>
      <h3>{title}</h3>
      <dl className={panel.pairs}>
        {pairs.map(([name, value, copied]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              <span className="numeric">{value}</span>
              {copied && <CopyButton text={copied} label={`Copy: ${name}`} />}
            </dd>
          </div>
        ))}
      </dl>
    </section>
  );
}

function bytes(value: unknown): string {
  const size = Number(textOf(value) || "x");
  if (!Number.isFinite(size)) return "";
  if (size < 1000) return `${size} B`;
  return size < 1e6 ? `${(size / 1e3).toFixed(1)} kB` : `${(size / 1e6).toFixed(1)} MB`;
}
