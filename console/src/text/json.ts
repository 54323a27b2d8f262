/** JSON text as values that keep every digit. Pure. */

export type Json = null | boolean | number | string | ExactNumber | Json[] | JsonObject;
export type JsonObject = { [name: string]: Json };

/** A number with its digits as they were sent, where JavaScript would write others. */
export class ExactNumber {
  constructor(readonly digits: string) {}

  toString(): string {
    return this.digits;
  }
}

const TOKENS = /"[^"\\]*(?:\\.[^"\\]*)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * JSON text as a value that keeps the digits of every number: integers beyond 53 bits, `1.0`, `1e400`.
 *
 * Such numbers go through `JSON.parse` as strings with a mark that the text does not hold; after it
 * they are replaced. No step recurses: metadata may be nested thousands of levels deep.
 */
export function parseExact(text: string): Json {
  const mark = unusedCharacter(text);
  const marked = text.replace(TOKENS, (token) =>
    token.startsWith('"') || String(Number(token)) === token ? token : `"${mark}${token}"`,
  );
  const top: Json[] = [JSON.parse(marked) as Json];
  const waiting: (Json[] | JsonObject)[] = [top];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const members = next as JsonObject;
    for (const [name, value] of Object.entries(members)) {
      if (typeof value === "string" && value.startsWith(mark)) {
        Object.defineProperty(members, name, { value: new ExactNumber(value.slice(1)) });
      } else if (isNested(value)) waiting.push(value);
    }
  }
  return top[0] ?? null;
}

/** A character that no string of a JSON text has, neither as itself nor as an escape. */
function unusedCharacter(json: string): string {
  const escapes = json.toLowerCase();
  let code = 0xe000;
  while (json.includes(String.fromCharCode(code)) || escapes.includes(`\\u${code.toString(16)}`)) {
    code += 1;
  }
  return String.fromCharCode(code);
}

/** Whether it has members or items, maybe none. */
export function isNested(value: unknown): value is Json[] | JsonObject {
  return typeof value === "object" && value !== null && !(value instanceof ExactNumber);
}
