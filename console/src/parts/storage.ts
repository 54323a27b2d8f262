import { useCallback, useState } from "react";

/** A remembered value of this browser; absent or unreadable ones are null. */
export function recall<T>(key: string): T | null {
  try {
    const text = localStorage.getItem(`fluoro.${key}`);
    return text === null ? null : (JSON.parse(text) as T);
  } catch {
    return null;
  }
}

export function remember(key: string, value: unknown): void {
  try {
    localStorage.setItem(`fluoro.${key}`, JSON.stringify(value));
  } catch {
    // Storage is full or switched off: the value lasts as long as the page.
  }
}

/** State that this browser remembers. */
export function useRemembered<T>(key: string, initial: T): [T, (value: T) => void] {
  const [value, setValue] = useState<T>(() => recall<T>(key) ?? initial);
  const set = useCallback(
    (next: T) => {
      setValue(next);
      remember(key, next);
    },
    [key],
  );
  return [value, set];
}
