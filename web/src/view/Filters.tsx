import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { filter, go } from "../app/location";
import { filtersOpen } from "../app/panels";
import { shown } from "../app/session";
import { everything, isFiltered, outcomes, serverKeys, toggleState, withoutValue, withValue, type ServerKey } from "../model/filter";
import type { Row } from "../model/rows";
import { oneLine } from "../text/visible";
import { Icon } from "./icons";

const names: Record<ServerKey, string> = {
  status: "Status", kind: "Kind", service: "Service", provider: "Provider", model: "Model", operation: "Operation",
  conversation_id: "Conversation id", trace_id: "Trace id", request_id: "Request id", processor: "Processor",
};

const ofRow: Partial<Record<ServerKey, (row: Row) => readonly (string | undefined)[]>> = {
  service: (r) => [r.service],
  provider: (r) => [r.provider],
  model: (r) => [r.model, r.responseModel],
  operation: (r) => [r.operation],
  conversation_id: (r) => [r.conversation],
  processor: (r) => [r.processor],
};

const fixed: Partial<Record<ServerKey, readonly string[]>> = {
  status: ["ok", "error", "unknown"],
  kind: ["inference", "embeddings", "retrieval", "tool", "agent", "workflow", "memory", "mcp", "other"],
};

export function Filters(): JSX.Element {
  const f = filter.value;
  return (
    <section aria-label="Filters">
      <div id="filters" class="filters" hidden={!filtersOpen.value}>
        {filtersOpen.value && (
          <>
            {serverKeys.map((key) => <KeyInput key={key} name={key} />)}
            <label class="field">
              <span>At least so long (ms)</span>
              <input
                type="number" min="0" step="100" inputMode="numeric" value={f.minDurationMs || ""}
                onChange={(e) => go({ filter: { ...f, minDurationMs: Math.max(0, Number(e.currentTarget.value) || 0) } }, "replace")}
              />
            </label>
            <fieldset class="field states">
              <legend>State</legend>
              {outcomes.map((o) => (
                <label key={o}>
                  <input type="checkbox" checked={f.states.includes(o)} onChange={() => go({ filter: toggleState(f, o) }, "replace")} /> {o}
                </label>
              ))}
            </fieldset>
          </>
        )}
      </div>
      <Chips />
    </section>
  );
}

/** Takes a value when it is chosen or entered, and shows what the list has. */
function KeyInput({ name }: { name: ServerKey }): JSX.Element {
  const [text, setText] = useState("");
  const add = (): void => {
    if (text.trim() === "") return;
    go({ filter: withValue(filter.peek(), name, text.trim()) }, "replace");
    setText("");
  };
  return (
    <label class="field">
      <span>{names[name]}</span>
      <input
        list={`values-${name}`} value={text} spellcheck={false} autocomplete="off"
        onInput={(e) => setText(e.currentTarget.value)} onChange={add}
        onKeyDown={(e) => e.key === "Enter" && add()}
      />
      <datalist id={`values-${name}`}>{suggestions(name).map((v) => <option key={v} value={v} />)}</datalist>
    </label>
  );
}

function suggestions(key: ServerKey): readonly string[] {
  if (fixed[key]) return fixed[key];
  const read = ofRow[key];
  if (!read) return [];
  const found = new Set<string>();
  for (const row of shown.value.slice(0, 2000)) {
    for (const value of read(row)) if (value) found.add(value);
    if (found.size > 50) break;
  }
  return [...found].sort();
}

/** The filter as it is, each part with a way to take it off. */
function Chips(): JSX.Element | null {
  const f = filter.value;
  if (!isFiltered(f)) return null;
  return (
    <ul class="chips" aria-label="Active filters">
      {serverKeys.flatMap((key) => (f.values[key] ?? []).map((value) => (
        <Chip key={`${key}=${value}`} name={names[key]} value={value} remove={() => go({ filter: withoutValue(filter.peek(), key, value) }, "replace")} />
      )))}
      {f.q && <Chip name="Text" value={f.q} remove={() => go({ filter: { ...filter.peek(), q: "" } }, "replace")} />}
      {f.states.map((s) => <Chip key={s} name="State" value={s} remove={() => go({ filter: toggleState(filter.peek(), s) }, "replace")} />)}
      {f.tools && <Chip name="Has" value="tool calls" remove={() => go({ filter: { ...filter.peek(), tools: false } }, "replace")} />}
      {f.minDurationMs > 0 && <Chip name="At least" value={`${f.minDurationMs} ms`} remove={() => go({ filter: { ...filter.peek(), minDurationMs: 0 } }, "replace")} />}
      <li><button type="button" class="quiet" onClick={() => go({ filter: everything }, "replace")}>Show everything</button></li>
    </ul>
  );
}

function Chip({ name, value, remove }: { name: string; value: string; remove: () => void }): JSX.Element {
  const text = oneLine(value, 60);
  return (
    <li class="chip">
      <span>{name}: <b><bdi>{text}</bdi></b></span>
      <button type="button" class="quiet" aria-label={`Take off ${name}: ${text}`} onClick={remove}><Icon name="close" /></button>
    </li>
  );
}
