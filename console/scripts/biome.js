// Runs Biome's binary for this machine. The package `@biomejs/biome` would choose it too, but it
// names binaries for platforms that not every registry has, and `npm ci` refuses such a lock.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";

const binary = createRequire(import.meta.url).resolve(
  `@biomejs/cli-${process.platform}-${process.arch}/biome`,
);
const { status } = spawnSync(binary, process.argv.slice(2), { stdio: "inherit" });
process.exit(status ?? 1);
