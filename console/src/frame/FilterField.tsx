import { useQueryClient } from "@tanstack/react-query";
import { useNavigate, useRouterState } from "@tanstack/react-router";
import { type RefObject, useEffect, useRef, useState, useSyncExternalStore } from "react";
import { ApiError } from "../api/client";
import { Icon } from "../parts/Icon";
import { tokenAt } from "../text/expression";
import { traceIdIn } from "../text/traceId";
import { type Search, travelling } from "../url/search";
import { useAddress } from "../url/useAddress";
import styles from "./FilterField.module.css";

/** Pages that show what matches. */
const LISTS = new Set(["/map", "/services", "/traces"]);

/**
 * The filter expression of the address. Enter shows what matches; a trace id in any form opens its
 * trace. What the server does not understand is underlined where it stands.
 */
export function FilterField({ field }: { field: RefObject<HTMLInputElement | null> }) {
  const { search, t } = useAddress();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const navigate = useNavigate();
  const q = search.q ?? "";
  const [text, setText] = useState(q);
  const under = useRef<HTMLDivElement>(null);
  useEffect(() => setText(q), [q]);

  const problem = useProblem(t, q, path.startsWith("/traces"));
  const isWrong = problem !== null && text === q;
  const [from, to] = isWrong && problem.offset !== null ? tokenAt(text, problem.offset) : [0, 0];

  const open = (id: string) => {
    setText(q);
    field.current?.blur();
    void navigate({ to: "/traces/$id", params: { id }, search: travelling });
  };
  const submit = () => {
    const id = traceIdIn(text);
    if (id) return open(id);
    const next = text.trim();
    const stays = LISTS.has(path) || (next === "" && !path.startsWith("/traces/"));
    const patch = (before: Search) => ({ ...travelling(before), q: next }) as Search;
    void navigate({ to: stays ? "." : "/traces", search: patch });
  };

  return (
    <form
      className={styles.form}
      role="search"
      data-wrong={isWrong || undefined}
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <span className={styles.icon}>
        <Icon name="filter" size={16} />
      </span>
      <div className={styles.box}>
        <div ref={under} className={styles.under} aria-hidden="true">
          {text.slice(0, from)}
          <span className={styles.wrong}>{text.slice(from, to)}</span>
          {text.slice(to)}
        </div>
        <input
          ref={field}
          className={styles.input}
          value={text}
          placeholder='Filter, e.g. service("api") AND fault, or paste a trace id'
          aria-label="Filter expression or trace id"
          aria-invalid={isWrong || undefined}
          aria-describedby={isWrong ? "filter-problem" : undefined}
          spellCheck={false}
          autoCapitalize="off"
          autoComplete="off"
          onChange={(event) => setText(event.target.value)}
          onScroll={(event) => {
            if (under.current) under.current.scrollLeft = event.currentTarget.scrollLeft;
          }}
          onPaste={(event) => {
            const id = traceIdIn(event.clipboardData.getData("text"));
            if (!id) return;
            event.preventDefault();
            open(id);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Escape") return;
            setText(q);
            event.currentTarget.blur();
          }}
        />
      </div>
      {text !== "" ? (
        <button
          type="button"
          className={styles.clear}
          aria-label="Clear the filter"
          title="Clear the filter"
          onClick={() => {
            setText("");
            void navigate({ to: ".", search: (before: Search) => ({ ...before, q: "" }) });
            field.current?.focus();
          }}
        >
          <Icon name="close" size={14} />
        </button>
      ) : (
        <kbd className={styles.slash}>/</kbd>
      )}
      {isWrong && (
        <div id="filter-problem" className={styles.problem}>
          {problem.message}
        </div>
      )}
    </form>
  );
}

/** What the server says about the filter of the list, without asking it again. */
function useProblem(t: string, q: string, isListed: boolean) {
  const client = useQueryClient();
  const error = useSyncExternalStore(
    (listener) => client.getQueryCache().subscribe(listener),
    () => client.getQueryState(["traces", t, q])?.error,
  );
  const isFilter =
    error instanceof ApiError && error.status === 400 && error.problem.offset !== null;
  return isListed && q !== "" && isFilter ? error.problem : null;
}
