import { QueryClientProvider } from "@tanstack/react-query";
import { cleanup, fireEvent, render, screen } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { newQueryClient } from "../src/api/queries";
import type { Counts, Skeleton } from "../src/api/types";
import { OutcomeBar } from "../src/parts/OutcomeBar";
import { parseExact } from "../src/text/json";
import { Exceptions } from "../src/trace/Exceptions";
import { JsonTree } from "../src/trace/JsonTree";
import { Row } from "../src/trace/Row";
import { treeOf } from "../src/trace/tree";

afterEach(cleanup);

const counts: Counts = {
  ok: 90,
  error: 0,
  throttle: 0,
  fault: 10,
  total_us: 1,
  histogram: [],
  p50_us: null,
  p95_us: null,
  p99_us: null,
};

describe("the outcome bar", () => {
  it("chooses an outcome and lets go of it; one that did not occur cannot be chosen", () => {
    const choose = vi.fn();
    const { rerender } = render(<OutcomeBar counts={counts} chosen={null} onChoose={choose} />);
    const fault = screen.getByRole("button", { name: /Fault/ });
    fireEvent.click(fault);
    expect(choose).toHaveBeenLastCalledWith("fault");
    rerender(<OutcomeBar counts={counts} chosen="fault" onChoose={choose} />);
    expect(fault.getAttribute("aria-pressed")).toBe("true");
    fireEvent.click(fault);
    expect(choose).toHaveBeenLastCalledWith(null);
    expect(screen.getByRole("button", { name: /Throttled/ }).hasAttribute("disabled")).toBe(true);
  });
});

describe("the metadata tree", () => {
  const value = { cart: { items: [{ sku: "A-1" }] }, note: "<b>text</b>" };

  it("shows values as text, never as markup", () => {
    render(<JsonTree value={value} openTo={1} />);
    expect(screen.getByText("<b>text</b>")).toBeTruthy();
  });

  it("shows numbers with the digits that were sent", () => {
    render(<JsonTree value={parseExact('{"exact":9007199254740993,"none":{}}')} openTo={1} />);
    expect(screen.getByText("9007199254740993")).toBeTruthy();
    expect(screen.getByText("{}")).toBeTruthy();
  });

  it("opens the way to what is sought and hides the rest", () => {
    render(<JsonTree value={value} openTo={1} isSearchable />);
    expect(screen.queryByText("A-1")).toBeNull();
    fireEvent.change(screen.getByRole("searchbox"), { target: { value: "a-1" } });
    expect(screen.getByText("A-1")).toBeTruthy();
    expect(screen.queryByText("note")).toBeNull();
  });

  it("says how many there are when it does not show all", () => {
    render(<JsonTree value={Array.from({ length: 250 }, (_, index) => index)} openTo={1} />);
    expect(screen.getByRole("button", { name: "100 of 250: show more" })).toBeTruthy();
  });
});

const trace: Skeleton = {
  id: "1-00000001-000000000000000000000001",
  start_us: 0,
  duration_us: 1000,
  is_partial: false,
  outcome: "fault",
  services: ["web"],
  names: ["web", "call"],
  span_id: ["a1", "b2"],
  parent: [-1, 0],
  depth: [0, 1],
  service: [0, 0],
  name: [0, 1],
  offset_us: [0, 100],
  span_us: [1000, -1],
  flags: [16 | 2, 8 | 64],
  status: [500, 0],
  detail: ["GET /", ""],
};

describe("a row of the timeline", () => {
  const row = (index: number, isCursor = false) => (
    <Row
      trace={trace}
      tree={treeOf(trace)}
      row={index}
      top={0}
      height={24}
      treeWidth={300}
      from={0}
      to={1000}
      isCollapsed={false}
      isCursor={isCursor}
      isChosen={false}
      isFound={false}
      onToggle={vi.fn()}
      onOpen={vi.fn()}
    />
  );

  it("states its level, its place, its children and its outcome", () => {
    render(row(0, true));
    const item = screen.getByRole("treeitem", {
      name: /web.*GET \/.*500.*Fault.*segment, 1.00 ms/,
    });
    expect(item.getAttribute("aria-level")).toBe("1");
    expect(item.getAttribute("aria-posinset")).toBe("1");
    expect(item.getAttribute("aria-setsize")).toBe("1");
    expect(item.getAttribute("aria-expanded")).toBe("true");
    expect(item.getAttribute("tabindex")).toBe("0");
  });

  it("says that it is detached and in progress; only the row with the cursor is a tab stop", () => {
    render(row(1));
    const item = screen.getByRole("treeitem", { name: /detached, in progress/ });
    expect(item.hasAttribute("aria-expanded")).toBe(false);
    expect(item.getAttribute("tabindex")).toBe("-1");
  });
});

describe("exceptions", () => {
  const elsewhere = { elsewhere: "e1", workingDirectory: "", chains: [] };
  const show = (recordedIn: string | null, choose = vi.fn()) =>
    render(
      <QueryClientProvider client={newQueryClient()}>
        <Exceptions cause={elsewhere} recordedIn={recordedIn} trace={trace} onChoose={choose} />
      </QueryClientProvider>,
    );

  it("lead to the span that recorded them, and show what it did", async () => {
    const exceptions = [{ id: "e1", type: "ValueError", message: "no tea" }];
    const detail = { span_id: "b2", document: { cause: { exceptions } } };
    vi.stubGlobal("fetch", () => Promise.resolve(new Response(JSON.stringify(detail))));
    const choose = vi.fn();
    show("b2", choose);
    expect(await screen.findByRole("heading", { name: /ValueError/ })).toBeTruthy();
    fireEvent.click(screen.getByRole("button", { name: "Go there" }));
    expect(choose).toHaveBeenCalledWith(1);
    vi.unstubAllGlobals();
  });

  it("are missed when the span that recorded them has not come", () => {
    show(null);
    expect(screen.getByText(/has not come/).textContent).toContain("e1");
  });

  it("have a space between a frame and its place, for those who copy or hear it", () => {
    const stack = [{ path: "tea.py", line: "3", label: "pour" }];
    const one = { id: "e1", type: "A", message: "", isRemote: false, stack, truncated: 0 };
    const cause = { elsewhere: "", workingDirectory: "", chains: [[one]] };
    render(<Exceptions cause={cause} recordedIn={null} trace={trace} onChoose={vi.fn()} />);
    expect(screen.getByRole("listitem").textContent).toBe("pour tea.py:3");
  });
});
