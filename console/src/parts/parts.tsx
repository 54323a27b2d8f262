/** Small shared pieces of the pages. */

import { type ButtonHTMLAttributes, type ReactNode, useEffect, useState } from "react";
import { ApiError } from "../api/client";
import { Icon, type IconName } from "./Icon";
import styles from "./parts.module.css";

type Look = "plain" | "primary" | "small" | "square";

export function buttonClass(...looks: Look[]): string {
  return [styles.button, ...looks.map((look) => styles[look])].join(" ");
}

interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  looks?: Look[];
  icon?: IconName;
  /** Name of a button that shows only its icon; also its tooltip. */
  label?: string;
}

export function Button({ looks = [], icon, label, children, ...rest }: ButtonProps) {
  const all = label && !children ? [...looks, "square" as const] : looks;
  return (
    <button
      type="button"
      className={buttonClass(...all)}
      {...(label && { "aria-label": label, title: label })}
      {...rest}
    >
      {icon && <Icon name={icon} size={all.includes("small") ? 15 : 17} />}
      {children}
    </button>
  );
}

/** Copies `text` and says so for a moment. */
export function CopyButton({ text, label, looks = ["plain", "small"] }: CopyProps) {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), 1500);
    return () => clearTimeout(timer);
  }, [copied]);
  const copy = () => {
    // Without a secure context there is no clipboard; the text can still be selected by hand.
    navigator.clipboard?.writeText(text).then(
      () => setCopied(true),
      () => setCopied(false),
    );
  };
  return (
    <Button
      looks={looks}
      icon={copied ? "check" : "copy"}
      label={copied ? "Copied" : label}
      onClick={copy}
    />
  );
}

interface CopyProps {
  text: string;
  label: string;
  looks?: Look[];
}

export function Message({ title, children, actions }: MessageProps) {
  return (
    <div className={styles.message}>
      <h2>{title}</h2>
      {children && <div>{children}</div>}
      {actions && <div className={styles.actions}>{actions}</div>}
    </div>
  );
}

interface MessageProps {
  title: string;
  children?: ReactNode;
  actions?: ReactNode;
}

/** What went wrong, in the server's words, with a retry and the id of the request. */
export function Failure({ error, onRetry }: { error: Error; onRetry: () => void }) {
  const request = error instanceof ApiError ? error.problem.request_id : "";
  return (
    <div role="alert">
      <Message
        title="This could not be loaded"
        actions={
          <Button icon="refresh" onClick={onRetry}>
            Try again
          </Button>
        }
      >
        <p>{error.message}</p>
        {request && (
          <p className={styles.request}>
            Request {request} <CopyButton text={request} label="Copy the request id" />
          </p>
        )}
      </Message>
    </div>
  );
}

/** A thin moving line while old data is on the screen and new data is on its way. */
export function Busy({ when }: { when: boolean }) {
  return when ? <div className={styles.busy} aria-hidden="true" /> : null;
}

export function Skeleton({ width, height }: { width: number | string; height: number | string }) {
  return <div className={styles.skeleton} style={{ width, height }} aria-hidden="true" />;
}

/** Says after some seconds that an answer is slow, and what would make it quicker. */
export function Patience() {
  return <p className={styles.patience}>Still reading. A shorter range answers sooner.</p>;
}

const OUTCOMES: Record<string, [IconName, string]> = {
  ok: ["ok", "OK"],
  error: ["error", "Error"],
  throttle: ["throttle", "Throttled"],
  fault: ["fault", "Fault"],
};

export function outcomeName(outcome: string): string {
  return OUTCOMES[outcome]?.[1] ?? outcome;
}

/** An outcome by icon, word and colour. */
export function OutcomeMark({ outcome, bare = false }: { outcome: string; bare?: boolean }) {
  const [icon, name] = OUTCOMES[outcome] ?? ["ok", outcome];
  return (
    <span className={styles.outcome} style={{ color: `var(--${outcome})` }} title={name}>
      <Icon name={icon} size={15} />
      {bare ? <span className="visually-hidden">{name}</span> : name}
    </span>
  );
}

export function Key({ children }: { children: ReactNode }) {
  return <kbd className={styles.key}>{children}</kbd>;
}

export { styles as partStyles };
