import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { bytes, plural } from "../text/format";
import { visible } from "../text/visible";

/** How many entries are shown at first, and with each further step. */
const step = 100;
const shortText = 2000;

/**
 * A JSON value as a tree of native disclosures. What is closed is not in the
 * page, so that values of any size open at once.
 */
export function JsonTree({ value, open = 1 }: { value: unknown; open?: number }): JSX.Element {
  const entries = entriesOf(value);
  return (
    <div class="json">
      {entries.length > 0 && open > 0 ? <Entries entries={entries} depth={open - 1} /> : <Node value={value} depth={0} />}
    </div>
  );
}

type Entry = readonly [string, unknown];

function entriesOf(value: unknown): readonly Entry[] {
  if (value === null || typeof value !== "object") return [];
  return Array.isArray(value) ? value.map((v, n) => [String(n), v] as const) : Object.entries(value);
}

function Entries({ entries, depth }: { entries: readonly Entry[]; depth: number }): JSX.Element {
  const [most, setMost] = useState(step);
  return (
    <>
      {entries.slice(0, most).map(([key, v]) => <Node key={key} name={key} value={v} depth={depth} />)}
      {entries.length > most && (
        <button type="button" onClick={() => setMost(most + 10 * step)}>{plural(entries.length - most, "more", "more")}</button>
      )}
    </>
  );
}

function Node({ name, value, depth }: { name?: string; value: unknown; depth: number }): JSX.Element {
  if (value === null || typeof value !== "object") {
    return <div class="json-line"><Name name={name} /><Leaf value={value} /></div>;
  }
  const entries = entriesOf(value);
  const brackets = Array.isArray(value) ? "[]" : "{}";
  if (entries.length === 0) return <div class="json-line"><Name name={name} /><span class="json-empty">{brackets}</span></div>;
  return <Branch name={name} entries={entries} list={Array.isArray(value)} depth={depth} />;
}

interface BranchProps {
  name: string | undefined;
  entries: readonly Entry[];
  list: boolean;
  depth: number;
}

function Branch({ name, entries, list, depth }: BranchProps): JSX.Element {
  const [open, setOpen] = useState(depth > 0);
  const size = plural(entries.length, list ? "item" : "key");
  return (
    <details class="json-branch" open={open} onToggle={(e) => setOpen(e.currentTarget.open)}>
      <summary><Name name={name} /><span class="muted">{list ? `[${size}]` : `{${size}}`}</span></summary>
      {open && (
        <div class="json-below"><Entries entries={entries} depth={depth - 1} /></div>
      )}
    </details>
  );
}

function Name({ name }: { name: string | undefined }): JSX.Element | null {
  return name === undefined ? null : <span class="json-name"><bdi>{visible(name)}</bdi></span>;
}

function Leaf({ value }: { value: unknown }): JSX.Element {
  const [most, setMost] = useState(shortText);
  if (typeof value !== "string") return <span class="json-word">{String(value)}</span>;
  const rest = value.length - most;
  return (
    <span class="json-text">
      <bdi>{visible(rest > 0 ? value.slice(0, most) : value)}</bdi>
      {rest > 0 && <button type="button" onClick={() => setMost(most + 50 * shortText)}>… {bytes(rest)} more</button>}
    </span>
  );
}
