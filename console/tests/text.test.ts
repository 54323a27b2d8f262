import { describe, expect, it } from "vitest";
import { clausesOf, expressionOf, joined, quoted, seconds, tokenAt } from "../src/text/expression";
import { ago, compact, duration, exact, percent, rate } from "../src/text/format";
import { type JsonObject, parseExact } from "../src/text/json";
import { traceIdIn, w3cTraceId } from "../src/text/traceId";

describe("durations", () => {
  it.each([
    [0, "0 µs"],
    [1, "1 µs"],
    [2.5, "2.50 µs"],
    [999, "999 µs"],
    [999.6, "1.00 ms"],
    [1000, "1.00 ms"],
    [12_340, "12.3 ms"],
    [999_499, "999 ms"],
    [999_500, "1.00 s"],
    [1_240_000, "1.24 s"],
    [59_990_000, "60.0 s"],
    [59_996_000, "1 min"],
    [60_000_000, "1 min"],
    [125_000_000, "2 min 5 s"],
    [12_000_000_000, "3 h 20 min"],
    [-1500, "−1.50 ms"],
  ])("%d µs is %s", (us, text) => {
    expect(duration(us)).toBe(text);
  });
});

describe("numbers", () => {
  it("are short where room is short", () => {
    expect([7, 950, 1234, 45_000, 3_400_000].map(compact)).toEqual([
      "7",
      "950",
      "1.2k",
      "45k",
      "3.4M",
    ]);
  });

  it("never call a part nothing or everything", () => {
    expect([0, 0.0004, 0.021, 0.34, 0.999, 1].map(percent)).toEqual([
      "0 %",
      "<0.1 %",
      "2.1 %",
      "34 %",
      "99 %",
      "100 %",
    ]);
  });

  it("turn to seconds when a minute holds too many", () => {
    expect([0, 0.05, 12, 599, 6000].map(rate)).toEqual([
      "0/min",
      "<0.1/min",
      "12/min",
      "599/min",
      "100/s",
    ]);
  });
});

describe("times", () => {
  const us = Date.UTC(2026, 10, 23, 12, 0, 1) * 1000 + 250;

  it("are exact to the microsecond, with their zone", () => {
    expect(exact(us, "UTC")).toBe("23 Nov 2026, 12:00:01.000250 UTC");
  });

  it("are told in one unit when they are past", () => {
    expect([1, 30, 90, 7200, 200_000].map((s) => ago(us - s * 1e6, us))).toEqual([
      "just now",
      "30 s ago",
      "1 min ago",
      "2 h ago",
      "2 days ago",
    ]);
  });
});

describe("trace ids", () => {
  const id = "1-5f84c7a1-0123456789abcdef01234567";
  it.each([
    id,
    ` ${id.toUpperCase()}\n`,
    "5f84c7a10123456789abcdef01234567",
    `Root=${id};Parent=53995c3f42cd8ad8;Sampled=1`,
    `X-Amzn-Trace-Id: Root=${id};Sampled=0`,
    `Self=1-00000000-000000000000000000000000;Root=${id}`,
    "00-5f84c7a10123456789abcdef01234567-53995c3f42cd8ad8-01",
    "traceparent: 00-5f84c7a10123456789abcdef01234567-53995c3f42cd8ad8-00",
    `https://console.example/xray/home#/traces/${id}?x=1`,
  ])("%s is recognised", (text) => {
    expect(traceIdIn(text)).toBe(id);
  });

  it.each([
    "",
    "fault",
    "1-5f84c7a1-0123456789abcdef0123456",
    "5f84c7a10123456789abcdef0123456z",
    `service("${id}")`,
    "1-00000000-000000000000000000000000",
    "0".repeat(32),
    "53995c3f42cd8ad8",
  ])("%o is not one", (text) => {
    expect(traceIdIn(text)).toBeNull();
  });

  it("can be written as W3C does", () => {
    expect(w3cTraceId(id)).toBe("5f84c7a10123456789abcdef01234567");
  });
});

describe("expressions", () => {
  it("join what is wanted with AND", () => {
    expect(
      expressionOf({
        services: ["api"],
        outcome: "fault",
        atLeastUs: 120_000,
        atMostUs: 1_500_000,
      }),
    ).toBe('service("api") AND fault AND responsetime >= 0.12 AND responsetime <= 1.5');
    expect(expressionOf({})).toBe("");
  });

  it("write seconds without exponent or spare zeros", () => {
    expect([1, 250, 1_000_000, 90_000_000].map(seconds)).toEqual([
      "0.000001",
      "0.00025",
      "1",
      "90",
    ]);
  });

  it("escape quotes and backslashes in names", () => {
    expect(quoted('a"b\\c')).toBe('"a\\"b\\\\c"');
  });

  it("are split at AND, but not inside quotes or brackets", () => {
    expect(clausesOf('service("a AND b") AND fault and (ok AND error)')).toEqual([
      'service("a AND b")',
      "fault",
      "(ok AND error)",
    ]);
    expect(clausesOf("")).toEqual([]);
  });

  it("take a clause only once when joined", () => {
    expect(joined('fault AND service("a")', 'service("a") AND ok')).toBe(
      'fault AND service("a") AND ok',
    );
  });

  it("name the token at an offset, or the last character past the end", () => {
    expect(tokenAt('http.url = "x y"', 0)).toEqual([0, 8]);
    expect(tokenAt('http.url = "x y"', 11)).toEqual([11, 16]);
    expect(tokenAt("duration >= ", 9)).toEqual([9, 11]);
    expect(tokenAt("duration", 8)).toEqual([7, 8]);
    expect(tokenAt('service("a', 8)).toEqual([8, 10]);
  });
});

describe("JSON with exact numbers", () => {
  const shown = (text: string) => String((parseExact(`{"n":${text}}`) as JsonObject).n);

  it("keeps the digits that a double would change", () => {
    for (const digits of ["9007199254740993", "1e400", "-0", "1.0", "0.10000000000000000001"]) {
      expect(shown(digits)).toBe(digits);
    }
  });

  it("leaves other numbers as numbers, and text as text", () => {
    const text = '{"a":[1,-2.5,"12345678901234567890"],"b":"\\ue000 1.0 \\"2.0"}';
    expect(parseExact(text)).toEqual(JSON.parse(text));
  });

  it("is not misled by a string that looks like its mark", () => {
    const value = { a: "\ue0001", b: "\ue0012", n: [] as unknown };
    expect(parseExact(JSON.stringify(value))).toEqual(value);
    const escaped = parseExact('{"a":"\\uE0005","n":1.0}') as JsonObject;
    expect(escaped.a).toBe("\ue0005");
    expect(String(escaped.n)).toBe("1.0");
  });

  it("reads values 20,000 levels deep", () => {
    let value = parseExact(`${"[".repeat(20_000)}1.0${"]".repeat(20_000)}`);
    while (Array.isArray(value)) value = value[0] ?? null;
    expect(String(value)).toBe("1.0");
  });
});
