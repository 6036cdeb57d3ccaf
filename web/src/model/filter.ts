import { outcome, type Outcome, type Row } from "./rows";

/** Keys that the server filters by. */
export const serverKeys = [
  "status", "kind", "service", "provider", "model", "operation",
  "conversation_id", "trace_id", "request_id", "processor",
] as const;
export type ServerKey = (typeof serverKeys)[number];

export const outcomes: readonly Outcome[] = ["open", "done", "error", "incomplete"];

/** Which requests are shown. All of it is in the page's address. */
export interface Filter {
  /** Any of the values of one key, of all keys. Filtered by the server. */
  readonly values: { readonly [key in ServerKey]?: readonly string[] };
  /** Text to be found in content, in upper or lower case. Found by the server. */
  readonly q: string;
  /** What follows is filtered by this page. */
  readonly states: readonly Outcome[];
  readonly tools: boolean;
  readonly minDurationMs: number;
}

export const everything: Filter = { values: {}, q: "", states: [], tools: false, minDurationMs: 0 };

export function readFilter(query: URLSearchParams): Filter {
  const values: { [key in ServerKey]?: readonly string[] } = {};
  for (const key of serverKeys) {
    const given = [...new Set(query.getAll(key))].filter((v) => v !== "");
    if (given.length > 0) values[key] = given;
  }
  const least = Number(query.get("min_duration_ms"));
  return {
    values,
    q: query.get("q") ?? "",
    states: outcomes.filter((o) => query.getAll("state").includes(o)),
    tools: query.get("tools") === "true",
    minDurationMs: Number.isFinite(least) && least > 0 ? least : 0,
  };
}

export function writeFilter(filter: Filter, query: URLSearchParams): void {
  writeServerFilter(filter, query);
  if (filter.q) query.set("q", filter.q);
  for (const state of filter.states) query.append("state", state);
  if (filter.tools) query.set("tools", "true");
  if (filter.minDurationMs > 0) query.set("min_duration_ms", String(filter.minDurationMs));
}

/** The keys that streams and lists of the server take. */
export function writeServerFilter(filter: Filter, query: URLSearchParams): void {
  for (const key of serverKeys) for (const value of filter.values[key] ?? []) query.append(key, value);
}

/** The part that the server sees to: when it changes, everything is asked for anew. */
export function serverPart(filter: Filter): string {
  const query = new URLSearchParams();
  writeServerFilter(filter, query);
  return `${query.toString()}\u0000${filter.q}`;
}

export function hasServerKeys(filter: Filter): boolean {
  return Object.keys(filter.values).length > 0;
}

export function isLocal(filter: Filter): boolean {
  return filter.states.length > 0 || filter.tools || filter.minDurationMs > 0;
}

export function isFiltered(filter: Filter): boolean {
  return isLocal(filter) || hasServerKeys(filter) || filter.q !== "";
}

/** Whether a row is shown, as far as this page decides. */
export function fits(filter: Filter, row: Row): boolean {
  if (filter.q !== "" && !row.hit) return false;
  if (filter.states.length > 0 && !filter.states.includes(outcome(row))) return false;
  if (filter.tools && row.toolCalls === 0) return false;
  if (filter.minDurationMs > 0 && (row.durationNs ?? 0) < filter.minDurationMs * 1e6) return false;
  // What the server let through before more was known of it.
  const { status, kind } = filter.values;
  if (status && row.state !== "open" && !status.includes(row.status)) return false;
  return !(kind && row.kind !== undefined && !kind.includes(row.kind));
}

export function withValue(filter: Filter, key: ServerKey, value: string): Filter {
  const had = filter.values[key] ?? [];
  return had.includes(value) ? filter : { ...filter, values: { ...filter.values, [key]: [...had, value] } };
}

export function withoutValue(filter: Filter, key: ServerKey, value: string): Filter {
  const rest = (filter.values[key] ?? []).filter((v) => v !== value);
  const { [key]: _, ...others } = filter.values;
  return { ...filter, values: rest.length > 0 ? { ...others, [key]: rest } : others };
}

export function toggleState(filter: Filter, state: Outcome): Filter {
  const has = filter.states.includes(state);
  return { ...filter, states: has ? filter.states.filter((s) => s !== state) : [...filter.states, state] };
}
