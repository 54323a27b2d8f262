/** Reading a segment document as it was sent: nothing in it can be trusted to have its type. Pure. */

import { isNested, type JsonObject } from "../text/json";

/** The value as an object; empty when it is something else. */
export function objectOf(value: unknown): JsonObject {
  return isNested(value) && !Array.isArray(value) ? value : {};
}

/** A scalar as text; empty when absent, null or not a scalar. */
export function textOf(value: unknown): string {
  return value === null || value === undefined || isNested(value) ? "" : String(value);
}

export interface Frame {
  path: string;
  line: string;
  label: string;
}

export interface Exception {
  id: string;
  type: string;
  message: string;
  isRemote: boolean;
  stack: Frame[];
  /** Frames that the sender left out. */
  truncated: number;
}

export interface Cause {
  /** Id of an exception that another span recorded, or of that span; empty when it is here. */
  elsewhere: string;
  workingDirectory: string;
  /** Each chain from what was thrown to what began it. */
  chains: Exception[][];
}

/** `cause` of a span; null when it has none. Node sends an id as `{"id": …}`, the others bare. */
export function causeOf(document: JsonObject): Cause | null {
  const { cause } = document;
  const given = objectOf(cause);
  const list = Array.isArray(given.exceptions) ? given.exceptions.map(objectOf) : [];
  if (list.length === 0) {
    const elsewhere = textOf(typeof cause === "string" ? cause : given.id);
    return elsewhere ? { elsewhere, workingDirectory: "", chains: [] } : null;
  }
  const byId = new Map(list.map((one) => [textOf(one.id), one]));
  const inner = new Set(list.map((one) => textOf(one.cause)).filter(Boolean));
  const outer = list.filter((one) => !inner.has(textOf(one.id)) || textOf(one.id) === "");
  const chains = (outer.length > 0 ? outer : list.slice(0, 1)).map((first) => {
    const chain: Exception[] = [];
    const seen = new Set<JsonObject>();
    for (let next: JsonObject | undefined = first; next && !seen.has(next); ) {
      seen.add(next);
      chain.push(exceptionOf(next));
      const id = textOf(next.cause);
      next = id ? byId.get(id) : undefined;
    }
    return chain;
  });
  return { elsewhere: "", workingDirectory: textOf(given.working_directory), chains };
}

function exceptionOf(given: JsonObject): Exception {
  const stack = Array.isArray(given.stack) ? given.stack.map(objectOf) : [];
  return {
    id: textOf(given.id),
    type: textOf(given.type) || "Exception",
    message: textOf(given.message),
    isRemote: given.remote === true,
    stack: stack.map((frame) => ({
      path: textOf(frame.path),
      line: textOf(frame.line),
      label: textOf(frame.label),
    })),
    truncated: Number(textOf(given.truncated)) || 0,
  };
}

/** Whether a stack frame is the application's own and not a library's. */
export function isOwn(frame: Frame, workingDirectory: string): boolean {
  if (
    /(^|\/)(node_modules|site-packages|dist-packages|lib\/python[\d.]+|gems)\//.test(frame.path)
  ) {
    return false;
  }
  if (/^(node:|internal\/|java\.|sun\.|jdk\.|runtime\/)/.test(frame.path)) return false;
  if (workingDirectory && frame.path.startsWith("/"))
    return frame.path.startsWith(workingDirectory);
  return true;
}

/**
 * Valid JSON text with line breaks and two-space indents, every token left as it was sent.
 *
 * Works on the text, so that integers beyond 53 bits and the spelling of numbers survive.
 */
export function indented(json: string): string {
  const parts: string[] = [];
  let depth = 0;
  let place = 0;
  const line = () => `\n${"  ".repeat(Math.min(depth, 200))}`;
  while (place < json.length) {
    const character = json[place] ?? "";
    if (character === '"') {
      let end = place + 1;
      while (end < json.length && json[end] !== '"') end += json[end] === "\\" ? 2 : 1;
      parts.push(json.slice(place, end + 1));
      place = end + 1;
      continue;
    }
    if (character === "{" || character === "[") {
      const rest = /^[{[]\s*[}\]]/.exec(json.slice(place, place + 64));
      if (rest) {
        parts.push(character, character === "{" ? "}" : "]");
        place += rest[0].length;
        continue;
      }
      depth += 1;
      parts.push(character, line());
    } else if (character === "}" || character === "]") {
      depth -= 1;
      parts.push(line(), character);
    } else if (character === ",") parts.push(",", line());
    else if (character === ":") parts.push(": ");
    else if (!/\s/.test(character)) parts.push(character);
    place += 1;
  }
  return parts.join("");
}

const BREAKS =
  /\b(SELECT|FROM|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|OFFSET|UNION(?: ALL)?|VALUES|SET|RETURNING|(?:LEFT |RIGHT |FULL |INNER |OUTER |CROSS )*JOIN|ON CONFLICT)\b/gi;

/** A query with a line for each clause; text in quotes is left alone. */
export function sqlLines(query: string): string {
  const flat = query.replace(/\s+/g, " ").trim();
  return flat
    .split(/('(?:[^']|'')*'|"(?:[^"]|"")*")/)
    .map((part, index) => (index % 2 === 1 ? part : part.replace(BREAKS, "\n$1")))
    .join("")
    .replace(/ ?\n/g, "\n")
    .trim();
}
