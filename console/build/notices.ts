import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Plugin } from "vite";

interface Manifest {
  name?: string;
  version?: string;
  license?: string;
}

/** Writes THIRD_PARTY_NOTICES.txt with the licence of every package that is part of the build. */
export function notices(alsoUsed: string[]): Plugin {
  return {
    name: "fluoro-notices",
    apply: "build",
    generateBundle(_options, bundle) {
      const folders = new Set(alsoUsed.map((name) => join("node_modules", name)));
      for (const output of Object.values(bundle)) {
        if (output.type !== "chunk") continue;
        for (const id of Object.keys(output.modules)) {
          const folder = packageFolder(id);
          if (folder) folders.add(folder);
        }
      }
      const source = [...folders]
        .sort()
        .map(notice)
        .join(`\n\n${"-".repeat(80)}\n\n`);
      this.emitFile({ type: "asset", fileName: "THIRD_PARTY_NOTICES.txt", source });
    },
  };
}

function packageFolder(id: string): string | null {
  if (!id.includes("/node_modules/") || id.startsWith("\0")) return null;
  let folder = dirname(id.split("?")[0] ?? "");
  while (folder !== dirname(folder)) {
    if (manifest(folder)?.version) return folder;
    folder = dirname(folder);
  }
  return null;
}

function manifest(folder: string): Manifest | null {
  const path = join(folder, "package.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Manifest) : null;
}

function notice(folder: string): string {
  const about = manifest(folder);
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name));
  const text = file ? readFileSync(join(folder, file), "utf8").trim() : "";
  return `${about?.name} ${about?.version} (${about?.license ?? "see its text"})\n\n${text}`;
}
