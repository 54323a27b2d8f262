import { isNested, type Json } from "../text/json";

/** Separates the names of a path; cannot occur in JSON text that somebody typed. */
const SEPARATOR = "\u0000";

export function pathOf(parent: string, name: string): string {
  return parent === "" ? name : parent + SEPARATOR + name;
}

/**
 * The paths whose name or scalar value holds the text, and all paths above them; null without a text.
 *
 * Walks with its own stack: metadata may be nested thousands of levels deep.
 */
export function pathsWith(value: Json, text: string): Set<string> | null {
  const wanted = text.trim().toLowerCase();
  if (wanted === "") return null;
  const found = new Set<string>();
  const waiting: { value: Json; path: string; above: string[] }[] = [
    { value, path: "", above: [] },
  ];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (!isNested(next.value)) continue;
    for (const [name, child] of Object.entries(next.value)) {
      const path = pathOf(next.path, name);
      const scalar = isNested(child) ? "" : String(child);
      if (name.toLowerCase().includes(wanted) || scalar.toLowerCase().includes(wanted)) {
        found.add(path);
        for (const up of next.above) found.add(up);
        if (next.path) found.add(next.path);
      }
      const above = next.path ? [...next.above, next.path] : next.above;
      waiting.push({ value: child, path, above });
    }
  }
  return found;
}
