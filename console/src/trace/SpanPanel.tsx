import { Tabs } from "radix-ui";
import { type ReactNode, useState } from "react";
import type { SpanText } from "../api/client";
import { useSpan } from "../api/queries";
import type { Skeleton } from "../api/types";
import { serviceToken } from "../parts/palette";
import { Button, CopyButton, Failure, Skeleton as Ghost, OutcomeMark } from "../parts/parts";
import { SidePanel } from "../parts/SidePanel";
import type { JsonObject } from "../text/json";
import { causeOf, indented, objectOf, sqlLines, textOf } from "./document";
import { Exceptions } from "./Exceptions";
import { JsonTree } from "./JsonTree";
import { Overview } from "./SpanOverview";
import styles from "./SpanPanel.module.css";
import { outcomeOf, SEGMENT } from "./tree";

interface SpanPanelProps {
  trace: Skeleton;
  row: number;
  onClose: () => void;
  onChoose: (row: number) => void;
}

/** Everything that was sent about one segment or subsegment. */
export function SpanPanel({ trace, row, onClose, onChoose }: SpanPanelProps) {
  const id = trace.span_id[row] ?? "";
  const query = useSpan(trace.id, id);
  const flags = trace.flags[row] ?? 0;
  const name = trace.names[trace.name[row] ?? 0] ?? "";
  const service = trace.services[trace.service[row] ?? 0] ?? "";
  const outcome = outcomeOf(flags);
  return (
    <SidePanel name="span" label={`Span ${name}`} width={500}>
      <header className={styles.head} data-panel>
        <i style={{ backgroundColor: serviceToken(service) }} />
        <div className={styles.titles}>
          <h2>{name}</h2>
          <p>
            {flags & SEGMENT ? "Segment" : `Subsegment of ${service}`}
            {outcome !== "ok" && <OutcomeMark outcome={outcome} />}
          </p>
        </div>
        <Button looks={["plain", "small"]} icon="close" label="Close (Esc)" onClick={onClose} />
      </header>
      {query.isError && !query.data ? (
        <Failure error={query.error} onRetry={() => void query.refetch()} />
      ) : query.data ? (
        <Sections trace={trace} row={row} span={query.data} onChoose={onChoose} />
      ) : (
        <div className={styles.waiting} aria-busy="true">
          {[50, 80, 70, 90, 60].map((width) => (
            <Ghost key={width} width={`${width}%`} height={16} />
          ))}
        </div>
      )}
    </SidePanel>
  );
}

interface SectionsProps {
  trace: Skeleton;
  row: number;
  span: SpanText;
  onChoose: (row: number) => void;
}

function Sections({ trace, row, span, onChoose }: SectionsProps) {
  const document = objectOf(span.document);
  const annotations = Object.entries(objectOf(document.annotations));
  const metadata = objectOf(document.metadata);
  const spaces = Object.keys(metadata).length;
  const resources = resourcesOf(document);
  const cause = causeOf(document);
  const sql = objectOf(document.sql);
  const exceptions = cause?.chains.reduce((sum, chain) => sum + chain.length, 0) ?? 0;
  const tabs: [id: string, name: string, note: string, content: ReactNode][] = [
    [
      "overview",
      "Overview",
      "",
      <Overview
        key="o"
        trace={trace}
        row={row}
        span={span}
        document={document}
        onChoose={onChoose}
      />,
    ],
  ];
  if (Object.keys(resources).length > 0) {
    tabs.push(["resources", "Resources", "", <JsonTree key="r" value={resources} openTo={4} />]);
  }
  if (annotations.length > 0) {
    tabs.push([
      "annotations",
      "Annotations",
      String(annotations.length),
      <Annotations key="a" entries={annotations} />,
    ]);
  }
  if (spaces > 0) {
    tabs.push([
      "metadata",
      "Metadata",
      "",
      <JsonTree key="m" value={metadata} openTo={2} isSearchable />,
    ]);
  }
  if (cause) {
    tabs.push([
      "exceptions",
      "Exceptions",
      exceptions > 0 ? String(exceptions) : "",
      <Exceptions
        key="e"
        cause={cause}
        recordedIn={span.recorded_in}
        trace={trace}
        onChoose={onChoose}
      />,
    ]);
  }
  if (Object.keys(sql).length > 0) tabs.push(["sql", "SQL", "", <Sql key="s" sql={sql} />]);
  tabs.push(["raw", "Raw", "", <Raw key="w" span={span} />]);

  const [wanted, setWanted] = useState("overview");
  const shown = tabs.some(([id]) => id === wanted) ? wanted : "overview";
  return (
    <Tabs.Root className={styles.sections} value={shown} onValueChange={setWanted} data-panel>
      <Tabs.List className={styles.tabs} aria-label="Details of the span">
        {tabs.map(([id, name, note]) => (
          <Tabs.Trigger key={id} value={id}>
            {name}
            {note && <span>{note}</span>}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {tabs.map(([id, , , content]) => (
        <Tabs.Content key={id} value={id} className={styles.content}>
          {content}
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}

/** Where it ran and what it called: `aws` and `service`, with the origin. */
function resourcesOf(document: JsonObject): JsonObject {
  const result: JsonObject = {};
  if (textOf(document.origin)) result.origin = document.origin ?? "";
  if (textOf(document.resource_arn)) result.resource_arn = document.resource_arn ?? "";
  for (const name of ["aws", "service"] as const) {
    if (Object.keys(objectOf(document[name])).length > 0) result[name] = objectOf(document[name]);
  }
  return result;
}

function Annotations({ entries }: { entries: [string, unknown][] }) {
  return (
    <dl className={styles.pairs}>
      {entries.map(([key, value]) => (
        <div key={key}>
          <dt>{key}</dt>
          <dd>
            <span>{textOf(value) || JSON.stringify(value)}</span>
            <CopyButton text={textOf(value)} label={`Copy the value of ${key}`} />
          </dd>
        </div>
      ))}
    </dl>
  );
}

const SQL_FIELDS: readonly [string, string][] = [
  ["database_type", "Database"],
  ["database_version", "Version"],
  ["driver_version", "Driver"],
  ["user", "User"],
  ["url", "URL"],
  ["connection_string", "Connection"],
  ["preparation", "Preparation"],
];

function Sql({ sql }: { sql: JsonObject }) {
  const query = textOf(sql.sanitized_query);
  return (
    <>
      {query && (
        <div className={styles.code}>
          <div className={styles.codeTools}>
            <CopyButton text={query} label="Copy the query" />
          </div>
          <pre>{sqlLines(query)}</pre>
        </div>
      )}
      <dl className={styles.pairs}>
        {SQL_FIELDS.filter(([key]) => textOf(sql[key])).map(([key, name]) => (
          <div key={key}>
            <dt>{name}</dt>
            <dd>
              <span>{textOf(sql[key])}</span>
            </dd>
          </div>
        ))}
      </dl>
    </>
  );
}

function Raw({ span }: { span: SpanText }) {
  const text = indented(span.text);
  const save = () => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([span.text], { type: "application/json" }));
    link.download = `${span.trace_id}-${span.span_id}.json`;
    link.click();
    URL.revokeObjectURL(link.href);
  };
  return (
    <div className={styles.code}>
      <div className={styles.codeTools}>
        <CopyButton text={text} label="Copy the document" />
        <Button
          looks={["plain", "small"]}
          icon="download"
          label="Download the document"
          onClick={save}
        />
      </div>
      <pre>{text}</pre>
    </div>
  );
}
