import { useState } from "react";
import { useSpan } from "../api/queries";
import type { Skeleton } from "../api/types";
import { Button, CopyButton, Failure, Skeleton as Ghost } from "../parts/parts";
import { plural } from "../text/format";
import { type Cause, causeOf, type Exception, type Frame, isOwn, objectOf } from "./document";
import styles from "./Exceptions.module.css";

interface ExceptionsProps {
  cause: Cause;
  /** The span that recorded it, when the cause only names it. */
  recordedIn: string | null;
  trace: Skeleton;
  onChoose: (row: number) => void;
}

/** What was thrown, and what led to it, each with its stack. */
export function Exceptions({ cause, recordedIn, trace, onChoose }: ExceptionsProps) {
  if (!cause.elsewhere) return <Chains cause={cause} />;
  const row = recordedIn ? trace.span_id.indexOf(recordedIn) : -1;
  if (!recordedIn || row < 0) {
    return (
      <p>
        The exception <code>{cause.elsewhere}</code> was recorded by a span that has not come.
      </p>
    );
  }
  return (
    <>
      <p className={styles.recorder}>
        Recorded in <b>{trace.names[trace.name[row] ?? 0]}</b>{" "}
        <Button looks={["small"]} onClick={() => onChoose(row)}>
          Go there
        </Button>
      </p>
      <Recorded trace={trace.id} span={recordedIn} />
    </>
  );
}

/** The exceptions of another span. */
function Recorded({ trace, span }: { trace: string; span: string }) {
  const query = useSpan(trace, span);
  if (query.isError && !query.data) {
    return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  }
  if (query.data?.span_id !== span) return <Ghost width="70%" height={16} />;
  const cause = causeOf(objectOf(query.data.document));
  return cause && <Chains cause={cause} />;
}

function Chains({ cause }: { cause: Cause }) {
  return (
    <>
      {cause.chains.map((chain) => (
        <div key={chain[0]?.id} className={styles.chain}>
          {chain.map((exception, index) => (
            <One
              key={exception.id || exception.type}
              exception={exception}
              isCause={index > 0}
              workingDirectory={cause.workingDirectory}
            />
          ))}
        </div>
      ))}
      {cause.workingDirectory && (
        <p className={styles.folder}>
          In <code>{cause.workingDirectory}</code>
        </p>
      )}
    </>
  );
}

interface OneProps {
  exception: Exception;
  isCause: boolean;
  workingDirectory: string;
}

function One({ exception, isCause, workingDirectory }: OneProps) {
  const own = exception.stack.filter((frame) => isOwn(frame, workingDirectory));
  const others = exception.stack.length - own.length;
  const [isAll, setAll] = useState(own.length === 0);
  const shown = isAll ? exception.stack : own;
  return (
    <section className={styles.exception}>
      {isCause && <p className={styles.because}>Caused by</p>}
      <h3>
        {exception.type}
        {exception.isRemote && <span>in the called service</span>}
        <CopyButton text={written(exception)} label="Copy the exception" />
      </h3>
      {exception.message && <p className={styles.text}>{exception.message}</p>}
      {shown.length > 0 && (
        <ol className={styles.stack}>
          {shown.map((frame, index) => (
            <li
              // biome-ignore lint/suspicious/noArrayIndexKey: a frame may repeat; the list does not move
              key={index}
              data-own={isOwn(frame, workingDirectory) || undefined}
            >
              <b>{frame.label || "?"}</b>{" "}
              <span>
                {relative(frame.path, workingDirectory)}
                {frame.line && `:${frame.line}`}
              </span>
            </li>
          ))}
        </ol>
      )}
      {own.length > 0 && others > 0 && (
        <Button looks={["plain", "small"]} onClick={() => setAll(!isAll)}>
          {isAll ? "Only the application's frames" : `Show ${plural(others, "frame")} of libraries`}
        </Button>
      )}
      {exception.truncated > 0 && (
        <p className={styles.folder}>
          {plural(exception.truncated, "frame")} left out by the sender
        </p>
      )}
    </section>
  );
}

function relative(path: string, folder: string): string {
  return folder && path.startsWith(`${folder}/`) ? path.slice(folder.length + 1) : path;
}

function written(exception: Exception): string {
  const line = (frame: Frame) => `    at ${frame.label} (${frame.path}:${frame.line})`;
  return [`${exception.type}: ${exception.message}`, ...exception.stack.map(line)].join("\n");
}
