import { useIsFetching, useQueryClient } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { keepFirstPage, nowUs } from "../api/queries";
import { Icon, type IconName } from "../parts/Icon";
import { Busy, Button } from "../parts/parts";
import { useRemembered } from "../parts/storage";
import { setTheme, type Theme, useTheme } from "../parts/theme";
import { DEFAULT_RANGE, parseRange, type Range, shifted } from "../url/range";
import { travelling } from "../url/search";
import { useAddress } from "../url/useAddress";
import { FilterField } from "./FilterField";
import styles from "./Frame.module.css";
import { HelpSheet } from "./HelpSheet";
import { RangePicker } from "./RangePicker";
import { RefreshPicker } from "./RefreshPicker";
import { ShortcutsOn, useSequences, useShortcuts } from "./shortcuts";

const PAGES: readonly [path: "/map" | "/services" | "/traces", name: string, icon: IconName][] = [
  ["/map", "Map", "map"],
  ["/services", "Services", "services"],
  ["/traces", "Traces", "traces"],
];

/** The bar above and the rail beside every page, with the keys that work everywhere. */
export function Frame() {
  const [shortcuts, setShortcuts] = useRemembered("shortcuts", true);
  return (
    <ShortcutsOn value={shortcuts}>
      <Inside shortcuts={shortcuts} onShortcuts={setShortcuts} />
    </ShortcutsOn>
  );
}

interface InsideProps {
  shortcuts: boolean;
  onShortcuts: (on: boolean) => void;
}

function Inside({ shortcuts, onShortcuts }: InsideProps) {
  const { search, range, set, setRange } = useAddress();
  const path = useRouterState({ select: (state) => state.location.pathname });
  const navigate = useNavigate();
  const client = useQueryClient();
  const fetching = useIsFetching() > 0;
  const help = useRef<HTMLDialogElement>(null);
  const filter = useRef<HTMLInputElement>(null);
  const [isHelpOpen, setHelpOpen] = useState(false);

  const refresh = () => {
    keepFirstPage(client);
    void client.invalidateQueries();
  };
  const showHelp = () => {
    setHelpOpen(true);
    help.current?.showModal();
  };
  const go = (to: "/map" | "/services" | "/traces") => void navigate({ to, search: travelling });

  useSequences("g", {
    m: () => go("/map"),
    s: () => go("/services"),
    t: () => go("/traces"),
  });
  useShortcuts({
    "?": showHelp,
    "/": () => filter.current?.focus(),
    r: refresh,
    "[": () => setRange(shifted(range, -1, nowUs())),
    "]": () => setRange(shifted(range, 1, nowUs())),
    ".": () => {
      if (range.kind === "absolute") setRange(parseRange(DEFAULT_RANGE) as Range);
      else refresh();
    },
  });

  return (
    <div className={styles.frame}>
      <a className={styles.skip} href="#page">
        Skip to the page
      </a>
      <header className={styles.top}>
        <Link
          to="/map"
          search={travelling}
          className={styles.brand}
          aria-label="Fluoro, to the map"
        >
          <Mark />
          Fluoro
        </Link>
        <FilterField field={filter} />
        <div className={styles.tools}>
          <RangePicker />
          <RefreshPicker
            seconds={search.r}
            isRelative={range.kind === "relative"}
            isFetching={fetching}
            onRefresh={refresh}
            onChange={(r) => set({ r }, true)}
          />
          <ThemeSwitch />
          <Button
            looks={["plain"]}
            icon="help"
            label="Help and keyboard shortcuts (?)"
            onClick={showHelp}
          />
        </div>
      </header>
      <nav className={styles.rail} aria-label="Pages">
        {PAGES.map(([to, name, icon]) => (
          <Link
            key={to}
            to={to}
            search={travelling}
            className={styles.page}
            data-current={path.startsWith(to) || undefined}
            aria-current={path.startsWith(to) ? "page" : undefined}
          >
            <Icon name={icon} size={20} />
            {name}
          </Link>
        ))}
      </nav>
      <main id="page" className={styles.main} tabIndex={-1}>
        <Busy when={fetching} />
        <Outlet />
      </main>
      <HelpSheet
        sheet={help}
        isOpen={isHelpOpen}
        onClose={() => setHelpOpen(false)}
        shortcuts={shortcuts}
        onShortcuts={onShortcuts}
      />
    </div>
  );
}

/** Three bars of a timeline, one of them lit. */
function Mark() {
  return (
    <svg width="22" height="22" viewBox="0 0 22 22" aria-hidden="true">
      <g strokeWidth="3" strokeLinecap="round" stroke="currentColor" fill="none">
        <path d="M3 5h12" />
        <path d="M6 11h8" opacity="0.55" />
        <path d="M11 17h8" opacity="0.8" />
      </g>
      <circle cx="19" cy="11" r="2" className={styles.spark} />
    </svg>
  );
}

const NEXT: Record<string, [Theme, IconName, string]> = {
  system: ["light", "system", "Theme: as the system. Switch to light"],
  light: ["dark", "sun", "Theme: light. Switch to dark"],
  dark: [null, "moon", "Theme: dark. Switch to the system's"],
};

function ThemeSwitch() {
  const theme = useTheme();
  const [next, icon, label] = NEXT[theme ?? "system"] ?? [null, "system" as const, "Theme"];
  return <Button looks={["plain"]} icon={icon} label={label} onClick={() => setTheme(next)} />;
}
