/** Building and taking apart filter expressions, of the part of the grammar that the server knows. */

export type Outcome = "ok" | "error" | "throttle" | "fault";

/** What a selection on the map asks of traces. Times are microseconds of the whole trace's response. */
export interface Wanted {
  /** Names of services that the trace touches, all of them. */
  services?: string[];
  outcome?: Outcome;
  atLeastUs?: number;
  atMostUs?: number;
}

/** The expression for `wanted`, its clauses joined by AND; empty when nothing is asked. */
export function expressionOf(wanted: Wanted): string {
  const clauses: string[] = [];
  for (const name of wanted.services ?? []) clauses.push(`service(${quoted(name)})`);
  if (wanted.outcome) clauses.push(wanted.outcome);
  if (wanted.atLeastUs !== undefined) clauses.push(`responsetime >= ${seconds(wanted.atLeastUs)}`);
  if (wanted.atMostUs !== undefined) clauses.push(`responsetime <= ${seconds(wanted.atMostUs)}`);
  return clauses.join(" AND ");
}

/** A string literal of the filter language. */
export function quoted(text: string): string {
  return JSON.stringify(text);
}

/** Microseconds as seconds without an exponent and without trailing zeros. */
export function seconds(us: number): string {
  return (Math.round(us) / 1e6).toFixed(6).replace(/\.?0+$/, "");
}

/** Adds clauses to an expression, leaving out those that it already has. */
export function joined(expression: string, added: string): string {
  const there = clausesOf(expression);
  const fresh = clausesOf(added).filter((clause) => !there.includes(clause));
  return [...there, ...fresh].join(" AND ");
}

/** The clauses of a plain conjunction, split at AND outside of quotes and brackets. */
export function clausesOf(expression: string): string[] {
  const clauses: string[] = [];
  let depth = 0;
  let start = 0;
  let place = 0;
  while (place < expression.length) {
    const character = expression[place] ?? "";
    if (character === '"') {
      place = endOfString(expression, place);
      continue;
    }
    if ("({[".includes(character)) depth += 1;
    else if (")}]".includes(character)) depth -= 1;
    const and = depth === 0 && /^(\s+)and\b/i.exec(expression.slice(place));
    if (and) {
      clauses.push(expression.slice(start, place).trim());
      place += and[0].length;
      start = place;
    } else place += 1;
  }
  clauses.push(expression.slice(start).trim());
  return clauses.filter((clause) => clause !== "");
}

function endOfString(text: string, start: number): number {
  let place = start + 1;
  while (place < text.length && text[place] !== '"') place += text[place] === "\\" ? 2 : 1;
  return place + 1;
}

/** The word, string or operator at `offset`, as [start, end): what a message about it underlines. */
export function tokenAt(expression: string, offset: number): [number, number] {
  if (offset >= expression.length) {
    return [Math.max(0, expression.length - 1), expression.length];
  }
  const start = Math.max(0, offset);
  if (expression[start] === '"') {
    return [start, Math.min(endOfString(expression, start), expression.length)];
  }
  const rest = /^[\w.:-]+|^[<>=!]+|^./.exec(expression.slice(start));
  return [start, start + (rest?.[0].length ?? 1)];
}
