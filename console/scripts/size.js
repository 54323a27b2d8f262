// Fails when the built JavaScript is larger than the console's budget (gzip, kB of 1000 bytes).
import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";

const FIRST_PAGE_KB = 230;
const ALL_KB = 320;
const WORKER_KB = 10;
const built = new URL("../../src/fluoro/server/console/static/", import.meta.url);

const kb = (name) => gzipSync(readFileSync(new URL(name, built)), { level: 9 }).length / 1000;
const scripts = readdirSync(new URL("assets/", built))
  .filter((name) => name.endsWith(".js"))
  .map((name) => `assets/${name}`);

/** The entry of index.html and everything it imports statically, plus the map: the landing page. */
function firstPage() {
  const html = readFileSync(new URL("index.html", built), "utf8");
  const waiting = [...html.matchAll(/(?:src|href)="\.\/(assets\/[^"]+\.js)"/g)].map((m) => m[1]);
  waiting.push(...scripts.filter((name) => /\/(MapPage|layout\.worker)-/.test(name)));
  const seen = new Set();
  while (waiting.length > 0) {
    const name = waiting.pop();
    if (seen.has(name)) continue;
    seen.add(name);
    const text = readFileSync(new URL(name, built), "utf8");
    for (const found of text.matchAll(/(?:from|import)\s*"\.\/([^"]+\.js)"/g)) {
      waiting.push(`assets/${found[1]}`);
    }
  }
  return [...seen];
}

const sum = (names) => names.reduce((total, name) => total + kb(name), kb("theme.js"));
const figures = [
  ["first page", sum(firstPage()), FIRST_PAGE_KB],
  ["all", sum(scripts), ALL_KB],
  ["worker", sum(scripts.filter((name) => name.includes(".worker-"))), WORKER_KB],
];
for (const [what, size, budget] of figures) {
  console.log(`${what.padEnd(12)}${size.toFixed(1).padStart(7)} kB gz of ${budget}`);
  if (size > budget) process.exitCode = 1;
}
