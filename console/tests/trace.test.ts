import { describe, expect, it } from "vitest";
import type { Skeleton } from "../src/api/types";
import { parseExact } from "../src/text/json";
import { causeOf, indented, isOwn, objectOf, sqlLines } from "../src/trace/document";
import { pathOf, pathsWith } from "../src/trace/jsonSearch";
import {
  allParents,
  extentOf,
  matches,
  nextOf,
  outcomeOf,
  rulerTicks,
  treeOf,
  visibleRows,
  withAncestors,
} from "../src/trace/tree";

//  0 ─ 1 ─ 2
//    │   └ 3
//    └ 4          5 (a second root)
const parent = [-1, 0, 1, 1, 0, -1];
const tree = treeOf({ parent });

describe("the tree", () => {
  it("knows where each subtree ends and who has how many children", () => {
    expect([...tree.end]).toEqual([5, 4, 3, 4, 5, 6]);
    expect([...tree.children]).toEqual([2, 2, 0, 0, 0, 0]);
  });

  it("knows each row's place among its siblings, roots included", () => {
    expect([...tree.place]).toEqual([1, 1, 1, 2, 2, 2]);
    expect([...tree.siblings]).toEqual([2, 2, 2, 2, 2, 2]);
  });

  it("shows all rows in order while nothing is collapsed", () => {
    expect(visibleRows(tree, new Set())).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it("hides what is below a collapsed row, and not the row itself", () => {
    expect(visibleRows(tree, new Set([1]))).toEqual([0, 1, 4, 5]);
    expect(visibleRows(tree, new Set([0, 1]))).toEqual([0, 5]);
  });

  it("keeps the way down to every row that passes", () => {
    const kept = withAncestors(parent, (row) => row === 3);
    expect(visibleRows(tree, new Set(), kept)).toEqual([0, 1, 3]);
  });

  it("collapses all parents but the roots", () => {
    expect(visibleRows(tree, allParents(tree, parent))).toEqual([0, 1, 4, 5]);
  });

  it("flattens a chain of 20,000 spans", () => {
    const deep = treeOf({ parent: Array.from({ length: 20_000 }, (_, row) => row - 1) });
    expect(visibleRows(deep, new Set())).toHaveLength(20_000);
    expect(deep.end[0]).toBe(20_000);
  });
});

describe("moving about", () => {
  it("goes to the next and the previous row, round the ends", () => {
    expect(nextOf([2, 5, 9], 5, 1)).toBe(9);
    expect(nextOf([2, 5, 9], 9, 1)).toBe(2);
    expect(nextOf([2, 5, 9], 2, -1)).toBe(9);
    expect(nextOf([], 2, 1)).toBe(-1);
  });
});

const skeleton: Skeleton = {
  id: "1-00000001-000000000000000000000001",
  start_us: 0,
  duration_us: 100,
  is_partial: true,
  outcome: "ok",
  services: ["web", "orders"],
  names: ["web", "DynamoDB"],
  span_id: ["a1", "b2"],
  parent: [-1, 0],
  depth: [0, 1],
  service: [0, 1],
  name: [0, 1],
  offset_us: [-20, 90],
  span_us: [100, 40],
  flags: [16, 128],
  status: [200, 404],
  detail: ["GET /", "GetItem orders"],
};

describe("a trace", () => {
  it("is found by name, service, detail, id and status, whatever the case", () => {
    for (const text of ["dynamo", "ORDERS", "getitem", "b2", "404"]) {
      expect(matches(skeleton, text)).toEqual([1]);
    }
    expect(matches(skeleton, " ")).toEqual([]);
  });

  it("reaches from its first start to its last end", () => {
    expect(extentOf(skeleton)).toEqual([-20, 130]);
  });

  it("counts a row as throttle before fault before error", () => {
    expect([0, 1, 3, 7, 5].map(outcomeOf)).toEqual([
      "ok",
      "error",
      "fault",
      "throttle",
      "throttle",
    ]);
  });

  it("has a ruler of round times", () => {
    expect(rulerTicks(0, 842_000, 5)).toEqual([0, 200_000, 400_000, 600_000, 800_000]);
    expect(rulerTicks(-20, 130, 3)).toEqual([0, 50, 100]);
  });
});

describe("documents", () => {
  it("are indented without a change to any token", () => {
    const text = '{"a":1e400,"b":[ ],"c":{"d":"x\\",{y"},"e":123456789012345678901234567890}';
    const lines = indented(text);
    expect(lines).toContain("1e400");
    expect(lines).toContain("123456789012345678901234567890");
    expect(lines).toContain('"b": []');
    expect(lines.replace(/\n\s*/g, "").replace(/": /g, '":')).toBe(text.replace("[ ]", "[]"));
  });

  it("give the chain of exceptions from what was thrown to its cause", () => {
    const cause = causeOf({
      cause: {
        working_directory: "/srv",
        exceptions: [
          { id: "2", type: "Timeout", remote: true },
          {
            id: "1",
            type: "OrderError",
            message: "late",
            cause: "2",
            stack: [{ path: "a.py", line: 3 }],
          },
        ],
      },
    });
    expect(cause?.chains.map((chain) => chain.map(({ type }) => type))).toEqual([
      ["OrderError", "Timeout"],
    ]);
    expect(cause?.chains[0]?.[0]?.stack).toEqual([{ path: "a.py", line: "3", label: "" }]);
  });

  it("end a chain that leads back to itself", () => {
    const exceptions = [
      { id: "1", type: "A", cause: "2" },
      { id: "2", type: "B", cause: "1" },
    ];
    expect(causeOf({ cause: { exceptions } })?.chains[0]).toHaveLength(2);
  });

  it("may name an exception that is recorded elsewhere", () => {
    expect(causeOf({ cause: "53995c3f42cd8ad8" })?.elsewhere).toBe("53995c3f42cd8ad8");
    expect(causeOf({ cause: { id: "b2" } })?.elsewhere).toBe("b2");
    expect(causeOf({ cause: { id: "b2", exceptions: [] } })?.elsewhere).toBe("b2");
    expect(causeOf({ cause: { id: "b2", exceptions: [{ id: "e1" }] } })?.elsewhere).toBe("");
    expect(causeOf({ cause: {} })).toBeNull();
    expect(causeOf({ cause: 7 })).toBeNull();
    expect(causeOf({})).toBeNull();
  });

  it("tell the application's frames from a library's", () => {
    const frame = (path: string) => ({ path, line: "1", label: "f" });
    expect(isOwn(frame("/srv/shop/app.py"), "/srv/shop")).toBe(true);
    expect(isOwn(frame("/usr/lib/python3.11/json/decoder.py"), "/srv/shop")).toBe(false);
    expect(isOwn(frame("/srv/shop/node_modules/express/index.js"), "/srv/shop")).toBe(false);
  });

  it("are not believed to have the right types", () => {
    expect(objectOf(parseExact("1e400"))).toEqual({});
    expect(objectOf([1])).toEqual({});
    expect(objectOf("x")).toEqual({});
    expect(objectOf(null)).toEqual({});
  });

  it("have their SQL broken before each clause, but not inside quotes", () => {
    expect(sqlLines("SELECT a FROM t WHERE b = 'x FROM y' ORDER BY a")).toBe(
      "SELECT a\nFROM t\nWHERE b = 'x FROM y'\nORDER BY a",
    );
  });
});

describe("the search in metadata", () => {
  const value = { cart: { items: [{ sku: "A-1" }], total: 12 }, host: "ip-1" };

  it("finds names and values, with the way down to them", () => {
    expect(pathsWith(value, "a-1")).toEqual(
      new Set([
        "cart",
        pathOf("cart", "items"),
        pathOf(pathOf("cart", "items"), "0"),
        pathOf(pathOf(pathOf("cart", "items"), "0"), "sku"),
      ]),
    );
    expect(pathsWith(value, "host")).toEqual(new Set(["host"]));
  });

  it("finds a number by its exact digits", () => {
    expect(pathsWith(parseExact('{"n":9007199254740993}'), "0993")).toEqual(new Set(["n"]));
  });

  it("finds nothing without a text, and an empty set without a match", () => {
    expect(pathsWith(value, " ")).toBeNull();
    expect(pathsWith(value, "zzz")).toEqual(new Set());
  });
});
