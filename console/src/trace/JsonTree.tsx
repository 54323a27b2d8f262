import { useMemo, useState } from "react";
import { Icon } from "../parts/Icon";
import { CopyButton, partStyles } from "../parts/parts";
import { count, plural } from "../text/format";
import { isNested, type Json } from "../text/json";
import styles from "./JsonTree.module.css";
import { pathOf, pathsWith } from "./jsonSearch";

const AT_ONCE = 100;

interface JsonTreeProps {
  value: Json;
  /** Levels that start open. */
  openTo: number;
  isSearchable?: boolean;
}

/** Any JSON value as a tree that opens and closes, with a search over names and values. */
export function JsonTree({ value, openTo, isSearchable = false }: JsonTreeProps) {
  const [sought, setSought] = useState("");
  const found = useMemo(() => pathsWith(value, sought), [value, sought]);
  return (
    <div>
      {isSearchable && (
        <label className={styles.search}>
          <Icon name="search" size={15} />
          <input
            type="search"
            className={partStyles.input}
            placeholder="Find a name or value"
            aria-label="Find in the metadata"
            value={sought}
            onChange={(event) => setSought(event.target.value)}
          />
        </label>
      )}
      {found?.size === 0 && <p className={styles.none}>Nothing found.</p>}
      <Members key={sought} value={value} path="" depth={0} openTo={openTo} found={found} />
    </div>
  );
}

interface MembersProps {
  value: Json;
  path: string;
  depth: number;
  openTo: number;
  found: ReadonlySet<string> | null;
}

function Members({ value, path, depth, openTo, found }: MembersProps) {
  const [shown, setShown] = useState(AT_ONCE);
  const all = Object.entries(value ?? {}) as [string, Json][];
  const members = found ? all.filter(([name]) => found.has(pathOf(path, name))) : all;
  return (
    <ul className={depth > 0 ? styles.nested : undefined}>
      {members.slice(0, shown).map(([name, child]) => (
        <Member
          key={name}
          name={name}
          value={child}
          path={pathOf(path, name)}
          depth={depth}
          openTo={openTo}
          found={found}
        />
      ))}
      {members.length > shown && (
        <li>
          <button type="button" className={styles.more} onClick={() => setShown(shown + AT_ONCE)}>
            {count(shown)} of {count(members.length)}: show more
          </button>
        </li>
      )}
    </ul>
  );
}

function Member({ name, value, path, depth, openTo, found }: MembersProps & { name: string }) {
  const size = isNested(value) ? Object.keys(value).length : 0;
  const [isOpen, setOpen] = useState(depth + 1 < openTo || (found !== null && depth < 40));
  if (size === 0) {
    return (
      <li className={styles.member}>
        <span className={styles.name}>{name}</span>
        <Scalar value={value} />
        <CopyButton text={scalarText(value)} label={`Copy ${name}`} />
      </li>
    );
  }
  return (
    <li>
      <button
        type="button"
        className={styles.opener}
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? "down" : "right"} size={13} />
        <span className={styles.name}>{name}</span>
        <span className={styles.size}>
          {Array.isArray(value) ? plural(size, "item") : plural(size, "member")}
        </span>
      </button>
      {isOpen && (
        <Members value={value} path={path} depth={depth + 1} openTo={openTo} found={found} />
      )}
    </li>
  );
}

function Scalar({ value }: { value: Json }) {
  if (typeof value === "string") {
    return /^https?:\/\/\S+$/.test(value) ? (
      <a className={styles.value} href={value} target="_blank" rel="noopener noreferrer">
        {value}
      </a>
    ) : (
      <span className={styles.value}>{value === "" ? <i>empty</i> : value}</span>
    );
  }
  return (
    <span className={styles.value} data-kind="plain">
      {scalarText(value)}
    </span>
  );
}

/** What has no members, as text. */
function scalarText(value: Json): string {
  if (isNested(value)) return Array.isArray(value) ? "[]" : "{}";
  return String(value);
}
