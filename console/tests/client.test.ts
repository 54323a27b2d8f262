import { describe, expect, it } from "vitest";
import { documentText, epochSeconds } from "../src/api/client";

describe("the client", () => {
  it("sends epoch seconds with all six digits", () => {
    expect(epochSeconds(1_795_436_984_229_001)).toBe("1795436984.229001");
  });

  it("finds the document as the server wrote it", () => {
    expect(documentText('{"service":"a","document":{"n":123456789012345678901}}')).toBe(
      '{"n":123456789012345678901}',
    );
  });

  it("is not misled by a name that looks like the member", () => {
    const body = JSON.stringify({ service: ',"document":{"x":1}', document: { y: 2 } });
    expect(documentText(body)).toBe('{"y":2}');
    expect(documentText("{}")).toBeNull();
  });
});
