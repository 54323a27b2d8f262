import { useNavigate, useSearch } from "@tanstack/react-router";
import { useCallback } from "react";
import { DEFAULT_RANGE, parseRange, type Range, rangeText } from "./range";
import type { Search } from "./search";

/** Changes to the search part; undefined takes a parameter out. */
export type Patch = { [Name in keyof Search]?: Search[Name] | undefined };

/** The state in the address, and a way to change it that keeps the page. */
export function useAddress() {
  const search: Search = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = useCallback(
    (patch: Patch, replace = false) => {
      void navigate({
        to: ".",
        search: (before: Search) => ({ ...before, ...patch }) as Search,
        replace,
      });
    },
    [navigate],
  );
  const t = search.t ?? DEFAULT_RANGE;
  const range = parseRange(t) as Range;
  const setRange = useCallback((next: Range) => set({ t: rangeText(next) }), [set]);
  return { search, t, range, set, setRange };
}
