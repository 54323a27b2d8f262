import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";

const css = readFileSync("src/styles/tokens.css", "utf8");
const PAIR = /--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\)/g;
const tokens = new Map(
  [...css.matchAll(PAIR)].map(([, name = "", light = "", dark = ""]) => [name, { light, dark }]),
);

function luminance(hex: string): number {
  const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(one: string, other: string): number {
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}

const SERVICES = Array.from({ length: 16 }, (_, index) => `service-${index}`);
const WORDS = [
  "text",
  "text-soft",
  "text-faint",
  "link",
  "ok",
  "error",
  "fault",
  "throttle",
  "unknown",
];

describe.each(["light", "dark"] as const)("tokens in %s", (theme) => {
  const colour = (name: string) => {
    const token = tokens.get(name);
    if (!token) throw new Error(`no token ${name}`);
    return token[theme];
  };

  it.each(WORDS)("%s is readable on the page (4.5:1)", (name) => {
    expect(contrast(colour(name), colour("page"))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(["text", "text-soft", "text-faint"])("%s is readable on every surface", (name) => {
    for (const surface of ["surface", "raised", "hover", "selected"]) {
      expect(contrast(colour(name), colour(surface))).toBeGreaterThanOrEqual(4.5);
    }
  });

  it("a primary button's label is readable", () => {
    expect(contrast(colour("on-link"), colour("link"))).toBeGreaterThanOrEqual(4.5);
  });

  it("the link colour is readable on what is selected", () => {
    expect(contrast(colour("link"), colour("selected"))).toBeGreaterThanOrEqual(4.5);
  });

  it.each(SERVICES)("%s stands out from the page (3:1)", (name) => {
    expect(contrast(colour(name), colour("page"))).toBeGreaterThanOrEqual(3);
  });

  it("no service colour is near the red of faults", () => {
    const hue = (hex: string) => {
      const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) =>
        Number.parseInt(hex.slice(at, at + 2), 16),
      );
      return (Math.atan2(Math.sqrt(3) * (g - b), 2 * r - g - b) * 180) / Math.PI;
    };
    const fault = hue(colour("fault"));
    for (const name of SERVICES) {
      const apart = Math.abs(((hue(colour(name)) - fault + 540) % 360) - 180);
      expect(apart, name).toBeGreaterThan(25);
    }
  });
});
