import { describe, expect, it } from "vitest";
import {
  absoluteText,
  around,
  parseRange,
  type Range,
  rangeText,
  resolve,
  shifted,
  widened,
} from "../src/url/range";
import {
  parseSearch,
  parseWindow,
  stringifySearch,
  travelling,
  viewOf,
  viewText,
  windowText,
} from "../src/url/search";

describe("the address", () => {
  it("comes back as it was, in one order and without defaults", () => {
    const text =
      "?t=PT1H&q=service(%22api%22)+AND+fault&tz=UTC&r=30&v=label:p95&sel=span:53995c3f42cd8ad8&win=120.5~340";
    expect(stringifySearch(parseSearch(text))).toBe(text);
    expect(stringifySearch(parseSearch("?sel=node:a%7Cb%7C&q=ok&t=PT15M"))).toBe(
      "?q=ok&sel=node:a|b|",
    );
  });

  it("keeps what a filter may hold: plus, ampersand, hash, quotes, other scripts", () => {
    const q = 'service("a+b & c#d = é漢")';
    expect(parseSearch(stringifySearch({ q })).q).toBe(q);
  });

  it("understands X-Ray's own names", () => {
    expect(parseSearch("?timeRange=PT30M&filter=fault")).toEqual({ t: "PT30M", q: "fault" });
    expect(parseSearch("?timeRange=2026-01-02T03:04:00~2026-01-02T04:04:00").t).toBe(
      "2026-01-02T03:04Z~2026-01-02T04:04Z",
    );
  });

  it("drops what is not legal and keeps the rest", () => {
    expect(parseSearch("?t=yesterday&r=7&win=9~3&tz=Mars&q=ok")).toEqual({ q: "ok" });
  });

  it("takes range, filter, zone and refresh along to another page, and nothing else", () => {
    const search = parseSearch("?t=PT1H&q=ok&tz=UTC&r=10&v=label:p95&sel=node:a&win=1~2");
    expect(travelling(search)).toEqual({ t: "PT1H", q: "ok", tz: "UTC", r: 10 });
  });
});

describe("view options", () => {
  it("may hold any text as a value", () => {
    const view = new Map([
      ["focus", "a,b:c%|AWS::SQS::Queue|"],
      ["depth", "2"],
    ]);
    expect(viewOf(viewText(view))).toEqual(view);
  });

  it("are left out when empty", () => {
    expect(viewText(new Map([["label", ""]]))).toBeUndefined();
  });

  it("survive a broken percent sign", () => {
    expect(viewOf("focus:100%").get("focus")).toBe("100%");
  });
});

describe("windows", () => {
  it("are milliseconds with up to three digits", () => {
    expect(windowText([120.5, 340])).toBe("120.5~340");
    expect(parseWindow("120.5~340")).toEqual([120.5, 340]);
    expect(parseWindow("340~120")).toBeNull();
  });
});

describe("ranges", () => {
  const now = Date.UTC(2026, 10, 23, 12) * 1000;

  it.each(["PT5M", "PT1H", "P1D", "P30D", "P1DT12H"])("%s comes back as it was", (text) => {
    expect(rangeText(parseRange(text) as Range)).toBe(text);
  });

  it.each(["", "P", "PT", "PT0M", "15m", "P9999D", "a~b", "2026-01-02T00:00Z~2026-01-01T00:00Z"])(
    "%o is not one",
    (text) => {
      expect(parseRange(text)).toBeNull();
    },
  );

  it("end now when relative", () => {
    const span = resolve(parseRange("PT15M") as Range, now);
    expect(span).toEqual({ startUs: now - 900e6, endUs: now });
  });

  it("keep their ends when absolute, to the millisecond", () => {
    const range: Range = { kind: "absolute", startUs: now - 1_500_000, endUs: now };
    expect(parseRange(absoluteText(range))).toEqual(range);
  });

  it("move by their whole length and never past now", () => {
    const range = parseRange("PT1H") as Range;
    expect(shifted(range, -1, now)).toEqual({
      kind: "absolute",
      startUs: now - 7200e6,
      endUs: now - 3600e6,
    });
    expect(shifted(range, 1, now)).toEqual({ kind: "absolute", startUs: now - 3600e6, endUs: now });
  });

  it("double when widened", () => {
    const { startUs, endUs } = resolve(widened(parseRange("PT1H") as Range, now), now);
    expect(endUs - startUs).toBe(7200e6);
    expect(endUs).toBe(now);
  });

  it("hold the moment that they are made around", () => {
    const { startUs, endUs } = resolve(around(now), now);
    expect(startUs).toBeLessThan(now);
    expect(endUs).toBeGreaterThan(now);
  });
});
