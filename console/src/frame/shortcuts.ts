import { createContext, useContext, useEffect, useRef } from "react";

/** Everything that has a key, for the help sheet: [keys, what it does] by place. */
export const SHORTCUTS: readonly [place: string, keys: readonly [string, string][]][] = [
  [
    "Everywhere",
    [
      ["?", "This help"],
      ["/", "Filter field"],
      ["g m", "Go to the map"],
      ["g s", "Go to the services"],
      ["g t", "Go to the traces"],
      ["[ ]", "Earlier or later range"],
      [".", "Range that ends now"],
      ["r", "Refresh"],
      ["Esc", "Close the panel"],
    ],
  ],
  [
    "Service map",
    [
      ["← → ↑ ↓", "Next node that way (from a focused node)"],
      ["Enter", "Open the node's panel"],
      ["f", "Focus on the chosen node, or leave focus"],
      ["+ −", "Zoom"],
      ["0", "Fit all"],
    ],
  ],
  [
    "Trace list",
    [
      ["j k", "Next or previous trace"],
      ["Enter", "Open it"],
    ],
  ],
  [
    "Trace",
    [
      ["j k ↑ ↓", "Next or previous row"],
      ["← →", "Collapse or expand"],
      ["Shift ←", "Collapse all"],
      ["Shift →", "Expand all"],
      ["e", "Next error"],
      ["n N", "Next or previous match"],
      ["a d", "Pan"],
      ["w s", "Zoom"],
      ["0", "Whole trace"],
      ["Enter", "Open the row's panel"],
    ],
  ],
];

type Run = (event: KeyboardEvent) => void;

/** Whether shortcuts are on; they can be switched off in the help sheet. */
export const ShortcutsOn = createContext(true);

/** Whether a field has the keyboard, so that letters belong to it. */
function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  return target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName);
}

/**
 * Runs `keys[event.key]` while the component is there. A shifted arrow is `Shift+ArrowLeft`.
 *
 * Keys that a focused control needs for itself (Enter and space on a button or link) stay its own.
 */
export function useShortcuts(keys: Record<string, Run>): void {
  const isOn = useContext(ShortcutsOn);
  const latest = useRef(keys);
  latest.current = keys;
  useEffect(() => {
    if (!isOn) return;
    const listen = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (isTyping(event.target) || document.querySelector("dialog[open]")) return;
      const isControl =
        event.target instanceof Element && event.target.closest("button, a, summary");
      if (isControl && (event.key === "Enter" || event.key === " ")) return;
      const name =
        event.shiftKey && event.key.startsWith("Arrow") ? `Shift+${event.key}` : event.key;
      const run = latest.current[name];
      if (!run) return;
      event.preventDefault();
      run(event);
    };
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [isOn]);
}

const SEQUENCE_MS = 1200;

/** Two keys in a row, `g m` for example. Listens before everybody else. */
export function useSequences(first: string, then: Record<string, () => void>): void {
  const isOn = useContext(ShortcutsOn);
  const latest = useRef(then);
  latest.current = then;
  useEffect(() => {
    if (!isOn) return;
    let pressed = Number.NEGATIVE_INFINITY;
    const listen = (event: KeyboardEvent) => {
      if (event.ctrlKey || event.metaKey || event.altKey || isTyping(event.target)) return;
      const run = latest.current[event.key];
      if (run && event.timeStamp - pressed < SEQUENCE_MS) {
        event.preventDefault();
        event.stopImmediatePropagation();
        run();
      }
      pressed = event.key === first ? event.timeStamp : Number.NEGATIVE_INFINITY;
    };
    window.addEventListener("keydown", listen, { capture: true });
    return () => window.removeEventListener("keydown", listen, { capture: true });
  }, [isOn, first]);
}
