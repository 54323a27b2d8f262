import { Link } from "@tanstack/react-router";
import { type CSSProperties, memo } from "react";
import type { TraceRow } from "../api/types";
import { shortName } from "../map/graph";
import { serviceToken } from "../parts/palette";
import { OutcomeMark, partStyles } from "../parts/parts";
import { ago, clock, duration, exact, type Zone } from "../text/format";
import { travelling } from "../url/search";
import styles from "./TracesPage.module.css";

const MOST_DOTS = 7;

interface TraceLineProps {
  trace: TraceRow;
  index: number;
  isChosen: boolean;
  style: CSSProperties;
  zone: Zone;
  now: number;
}

/** One trace of the list. */
export const TraceLine = memo(function TraceLine(props: TraceLineProps) {
  const { trace, index, isChosen, style, zone, now } = props;
  return (
    <div
      className={styles.row}
      style={style}
      role="row"
      aria-rowindex={index + 2}
      data-trace={trace.id}
      data-chosen={isChosen || undefined}
    >
      <span role="cell">
        <Link
          to="/traces/$id"
          params={{ id: trace.id }}
          search={travelling}
          className={styles.time}
          title={`${exact(trace.start_us, zone)}, ${ago(trace.start_us, now)}\n${trace.id}`}
        >
          {clock(trace.start_us, zone, now)}
        </Link>
      </span>
      <span role="cell">
        <OutcomeMark outcome={trace.outcome} />
      </span>
      <span role="cell" className={styles.number}>
        {duration(trace.duration_us)}
      </span>
      <span role="cell" className={styles.number}>
        {trace.response_us === null ? (
          <span className={styles.faint} title="The root has not answered yet">
            {trace.is_partial ? "open" : "–"}
          </span>
        ) : (
          duration(trace.response_us)
        )}
      </span>
      <span role="cell" className={styles.request} title={trace.url}>
        <span className={styles.method}>{trace.method}</span> {path(trace.url)}
      </span>
      <span role="cell" className={styles.number}>
        {trace.status ?? ""}
      </span>
      <span role="cell" title={trace.root_service}>
        {trace.root_service || <span className={styles.faint}>not received</span>}
      </span>
      <span role="cell" title={trace.services.join("\n")} className={partStyles.dots}>
        {trace.services.slice(0, MOST_DOTS).map((name) => (
          <i
            key={name}
            className={partStyles.dot}
            style={{ backgroundColor: serviceToken(name) }}
          />
        ))}
        {trace.services.length > MOST_DOTS && (
          <span className={styles.faint}>+{trace.services.length - MOST_DOTS}</span>
        )}
        <span className="visually-hidden">{trace.services.map(shortName).join(", ")}</span>
      </span>
      <span role="cell" className={styles.number}>
        {trace.faults > 0 ? (
          <b className={styles.faults}>{trace.faults}</b>
        ) : (
          <span className={styles.faint}>–</span>
        )}
      </span>
      <span role="cell" title={trace.user}>
        {trace.user}
      </span>
      <span
        role="cell"
        className={styles.annotations}
        title={trace.annotations.map(([key, value]) => `${key} = ${value}`).join("\n")}
      >
        {trace.annotations.map(([key, value]) => (
          <span key={key} className={styles.annotation}>
            <i>{key}</i> {value}
          </span>
        ))}
      </span>
    </div>
  );
});

/** The URL without scheme and host, which the title shows. */
function path(url: string): string {
  const found = /^[a-z][a-z0-9+.-]*:\/\/[^/?#]*(.*)$/i.exec(url);
  return found ? found[1] || "/" : url;
}
