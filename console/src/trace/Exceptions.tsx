import { useState } from "react";
import type { Skeleton } from "../api/types";
import { Button, CopyButton } from "../parts/parts";
import { plural } from "../text/format";
import { type Cause, type Exception, type Frame, isOwn } from "./document";
import styles from "./Exceptions.module.css";

interface ExceptionsProps {
  cause: Cause;
  trace: Skeleton;
  onChoose: (row: number) => void;
}

/** What was thrown, and what led to it, each with its stack. */
export function Exceptions({ cause, trace, onChoose }: ExceptionsProps) {
  if (cause.elsewhere) {
    const row = trace.span_id.indexOf(cause.elsewhere);
    return (
      <p>
        The exception <code>{cause.elsewhere}</code> is recorded in another span of this trace.{" "}
        {row >= 0 && (
          <Button looks={["small"]} onClick={() => onChoose(row)}>
            Go there
          </Button>
        )}
      </p>
    );
  }
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
              <b>{frame.label || "?"}</b>
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
