import { useEffect, useState, useSyncExternalStore } from "react";
import { type Palette, readPalette } from "./palette";

/** The theme somebody chose; null follows the system. `public/theme.js` sets it before first paint. */
export type Theme = "light" | "dark" | null;

const KEY = "fluoro.theme";
const listeners = new Set<() => void>();

function current(): Theme {
  const set = document.documentElement.dataset.theme;
  return set === "light" || set === "dark" ? set : null;
}

export function setTheme(theme: Theme): void {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  try {
    if (theme) localStorage.setItem(KEY, theme);
    else localStorage.removeItem(KEY);
  } catch {
    // Without storage the choice lasts as long as the page.
  }
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

export function useTheme(): Theme {
  return useSyncExternalStore(subscribe, current);
}

/** The colours of the theme in effect, for painting. */
export function usePalette(): Palette {
  const theme = useTheme();
  const [palette, setPalette] = useState(readPalette);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the chosen theme changes what is read
  useEffect(() => {
    const system = matchMedia("(prefers-color-scheme: dark)");
    const read = () => setPalette(readPalette());
    read();
    system.addEventListener("change", read);
    return () => system.removeEventListener("change", read);
  }, [theme]);
  return palette;
}
