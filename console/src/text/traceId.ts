/** Recognition of a trace id in whatever form somebody has at hand. */

const XRAY = /^1-[0-9a-f]{8}-[0-9a-f]{24}$/i;
const HEX = /^[0-9a-f]{32}$/i;
const HEADER_ROOT = /(?:^|[;\s:])Root=(1-[0-9a-f]{8}-[0-9a-f]{24})(?=$|[;\s])/i;
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/i;
const ADDRESS = /^https?:\/\/\S*?\b(1-[0-9a-f]{8}-[0-9a-f]{24})\b/i;

/**
 * The trace id in X-Ray's form, lower case, or null.
 *
 * Understood: X-Ray's form, 32 hex digits, an `X-Amzn-Trace-Id` header (with or without its name),
 * a `traceparent` header, and the address of a trace page.
 */
export function traceIdIn(text: string): string | null {
  const trimmed = text.trim();
  const bare = trimmed.replace(/^(x-amzn-trace-id|traceparent)\s*[:=]\s*/i, "");
  const found =
    (XRAY.test(bare) && bare) ||
    HEADER_ROOT.exec(bare)?.[1] ||
    ADDRESS.exec(bare)?.[1] ||
    (HEX.test(bare) && fromHex(bare)) ||
    fromHex(TRACEPARENT.exec(bare)?.[1] ?? "");
  if (!found) return null;
  return /^1-0{8}-0{24}$/.test(found) ? null : found.toLowerCase();
}

function fromHex(digits: string): string {
  return digits && `1-${digits.slice(0, 8)}-${digits.slice(8)}`;
}

/** W3C's notation of the same id: 32 hex digits. */
export function w3cTraceId(id: string): string {
  return id.slice(2).replace("-", "");
}
