import type { Call, Counts, Failure, Snapshot, State, StreamEvent, Usage } from "../api/types";

/** How a request stands, in one word. */
export type Outcome = "open" | "done" | "error" | "incomplete";

/** What the list knows of one request. Rows never change; a new one replaces the old. */
export interface Row {
  readonly key: string;
  readonly id: string;
  readonly processor: string;
  readonly state: State;
  readonly status: string;
  readonly complete: boolean;
  readonly flushReason?: string | undefined;
  /** When it began, in ms since the epoch; by this machine's clock until the server tells. */
  readonly startedAt: number;
  /** When this page first saw it, in ms since the epoch. */
  readonly seenAt: number;
  readonly durationNs?: number | undefined;
  readonly firstChunkNs?: number | undefined;
  readonly service?: string | undefined;
  readonly model?: string | undefined;
  readonly responseModel?: string | undefined;
  readonly provider?: string | undefined;
  readonly operation?: string | undefined;
  readonly kind?: string | undefined;
  /** What its call is named, for those without a model. */
  readonly name?: string | undefined;
  readonly usage?: Usage | undefined;
  readonly toolCalls: number;
  readonly finishReasons?: readonly string[] | undefined;
  readonly error?: Failure | undefined;
  readonly conversation?: string | undefined;
  readonly trace?: string | undefined;
  readonly keySource?: string | undefined;
  /** Records seen so far. */
  readonly events: number;
  readonly counts?: Counts | undefined;
  /** Content of it had the searched text. */
  readonly hit: boolean;
}

export function rowKey(processor: string, id: string): string {
  return `${processor}\u0000${id}`;
}

export function outcome(row: Pick<Row, "state" | "status" | "complete">): Outcome {
  if (row.status === "error" && row.state !== "open") return "error";
  if (row.state === "open") return "open";
  if (row.state === "ended") return "done";
  return row.complete ? "done" : "incomplete";
}

/** The call that stands for the request: the owning span's if it is an inference, else the first inference. */
export function primaryCall(snapshot: Pick<Snapshot, "calls" | "span_id">): Call | undefined {
  const calls = list<Call>(snapshot.calls);
  const owner = calls.find((c) => c.span_id !== undefined && c.span_id === snapshot.span_id);
  if (owner?.kind === "inference") return owner;
  return calls.find((c) => c.kind === "inference") ?? owner ?? calls[0];
}

export function list<T>(value: unknown): readonly T[] {
  return Array.isArray(value) ? (value as T[]) : [];
}

/** The row of a snapshot or summary. */
export function rowOf(s: Snapshot, now: number): Row {
  const call = primaryCall(s);
  const started = Date.parse(s.started_at ?? "");
  return {
    key: rowKey(s.processor, s.request_id),
    id: s.request_id,
    processor: s.processor,
    state: s.state,
    status: s.status ?? "unknown",
    complete: s.complete ?? false,
    flushReason: s.flush_reason,
    startedAt: Number.isNaN(started) ? now : started,
    // An open one goes on since it began, whenever this page was opened.
    seenAt: s.state === "open" && started < now ? started : now,
    durationNs: s.duration_ns,
    firstChunkNs: call?.time_to_first_chunk_ns,
    service: s.service,
    model: call?.request_model,
    responseModel: call?.response_model,
    provider: call?.provider,
    operation: call?.operation,
    kind: s.kind,
    name: call?.tool?.name ?? call?.name,
    usage: s.usage,
    toolCalls: s.tool_calls ?? countToolCalls(s.calls),
    finishReasons: call?.finish_reasons,
    error: s.error,
    conversation: s.conversation_id,
    trace: s.trace_id,
    keySource: s.key_source,
    events: s.counts?.events ?? 0,
    counts: s.counts,
    hit: false,
  };
}

/** Tool calls that output messages ask for; without any, the calls that are tools. */
function countToolCalls(calls: readonly Call[] | undefined): number {
  let asked = 0;
  let ran = 0;
  for (const call of list<Call>(calls)) {
    if (call.kind === "tool") ran++;
    for (const message of list<{ parts?: unknown }>(call.output_messages)) {
      for (const part of list<{ type?: string }>(message.parts)) {
        if (part.type === "tool_call" || part.type === "server_tool_call") asked++;
      }
    }
  }
  return asked || ran;
}

function emptyRow(processor: string, id: string, now: number): Row {
  return {
    key: rowKey(processor, id), id, processor,
    state: "open", status: "unknown", complete: false, startedAt: now, seenAt: now,
    toolCalls: 0, events: 0, hit: false,
  };
}

/** What most events say first, so that long ones need not be parsed to be counted. */
const head = /^\{"processor":("(?:[^"\\]|\\.)*"),"request_id":("(?:[^"\\]|\\.)*")/;

function whose(data: string): { processor: string; id: string } | null {
  const match = head.exec(data);
  if (match) {
    // Parsed even without escapes: a part of a string keeps all of it in memory.
    const [, processor = '""', id = '""'] = match;
    try {
      return { processor: JSON.parse(processor) as string, id: JSON.parse(id) as string };
    } catch {
      return null;
    }
  }
  const parsed = parse(data);
  if (typeof parsed["request_id"] !== "string") return null;
  return { processor: String(parsed["processor"] ?? ""), id: parsed["request_id"] };
}

function parse(data: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(data);
    return value && typeof value === "object" ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

/** What came of one event. */
export interface Effect {
  key: string;
  /** The server knows more of the request than this page: ask for its summary. */
  ask: boolean;
  /** The request that became a part of it. */
  gone?: string;
}

/**
 * The requests that a list shows, in the order in which they were opened. At
 * most `limit` are kept: the oldest leave first.
 */
export class Rows {
  private readonly entries = new Map<string, { row: Row }>();
  /** Oldest first; entries that left are not in the map any more. */
  private order: { row: Row }[] = [];
  private readonly cleared = new Set<string>();
  private readonly processors = new Set<string>();
  /** Requests without a row in whose content the searched text was. */
  private readonly hits = new Set<string>();

  constructor(private readonly limit: number) {}

  get size(): number {
    return this.entries.size;
  }

  get full(): boolean {
    return this.entries.size >= this.limit;
  }

  /** Requests of more than one processor were here: an id alone may be that of two. */
  get ofSeveral(): boolean {
    return this.processors.size > 1;
  }

  get(key: string): Row | undefined {
    return this.entries.get(key)?.row;
  }

  /** Newest first, those that fit. */
  newest(fits: (row: Row) => boolean): Row[] {
    const found: Row[] = [];
    for (let i = this.order.length - 1; i >= 0; i--) {
      const entry = this.order[i];
      if (entry && this.entries.get(entry.row.key) === entry && fits(entry.row)) found.push(entry.row);
    }
    return found;
  }

  /** Takes all rows off; what is told of them later is not looked at. */
  clear(): void {
    for (const { row } of this.entries.values()) if (row.state !== "flushed") this.cleared.add(row.key);
    this.entries.clear();
    this.order = [];
  }

  /** Whether an event is of a request that was cleared while it went on. */
  private ofCleared(key: string, name: string): boolean {
    if (!this.cleared.has(key)) return false;
    if (name === "request.open" || name === "request.flush") this.cleared.delete(key);
    return name !== "request.open";
  }

  /** Takes one event in. `text` is what content is searched for, if anything. */
  apply(event: StreamEvent, now: number, text = ""): Effect | null {
    const who = whose(event.data);
    if (!who) return null;
    const key = rowKey(who.processor, who.id);
    if (this.ofCleared(key, event.name)) return null;
    if (event.name === "request.merge") {
      this.remove(key);
      const into = parse(event.data)["into"];
      return typeof into === "string" ? { key: rowKey(who.processor, into), ask: true, gone: key } : null;
    }
    const old = this.get(key);
    const hit = text !== "" && !old?.hit && contains(event.data, text) && contains(JSON.stringify(content(event)), text);
    if (!old && event.name !== "request.open") {
      // It began before this page looked, or before it fitted the filter.
      if (hit && this.hits.size < this.limit) this.hits.add(key);
      return { key, ask: true };
    }
    let row = old ?? emptyRow(who.processor, who.id, now);
    let ask = false;
    switch (event.name) {
      case "request.open":
        if (old && old.state !== "open") {
          this.remove(key);
          row = emptyRow(who.processor, who.id, now);
        }
        row = opened(row, parse(event.data));
        break;
      case "request.call":
        row = called(row, (parse(event.data)["call"] ?? {}) as Call);
        break;
      case "request.end":
        row = ended(row, parse(event.data));
        break;
      case "request.flush":
        row = flushed(row, parse(event.data));
        ask = true;
        break;
      default:
        row = { ...row, events: row.events + 1 };
    }
    this.put(hit ? { ...row, hit } : row);
    return { key, ask };
  }

  /** Takes in what the server says of a request; it knows more than this page. */
  merge(s: Snapshot, now: number, hit: boolean): void {
    const fresh = rowOf(s, now);
    const old = this.get(fresh.key);
    if (!old) {
      this.put({ ...fresh, hit });
      return;
    }
    this.put({
      ...fresh,
      hit: hit || old.hit,
      seenAt: old.seenAt,
      service: fresh.service ?? old.service,
      toolCalls: Math.max(fresh.toolCalls, old.toolCalls),
      events: Math.max(fresh.events, old.events),
      // An answer may be older than what came since.
      ...(rank[old.state] > rank[fresh.state] ? { state: old.state, status: old.status, complete: old.complete } : {}),
    });
  }

  /**
   * Takes in a request that was asked for. Without a row yet, it gets one at
   * its time; none if it is older than all there is and `more` older ones are
   * still to be fetched, among which it will come.
   */
  place(s: Snapshot, now: number, more: boolean): void {
    const row = rowOf(s, now);
    if (this.entries.has(row.key)) {
      this.merge(s, now, false);
      return;
    }
    let at = this.order.length;
    while (at > 0 && (this.order[at - 1]?.row.startedAt ?? 0) > row.startedAt) at--;
    if (at === 0 && (more || this.full)) return;
    const entry = this.enter({ ...row, hit: this.hits.delete(row.key) });
    this.order.splice(at, 0, entry);
    this.trim();
  }

  /**
   * Takes in the newest of the server's list, newest first, which has what was
   * missed: what is newer than the rows there are comes above them, what is
   * older below.
   */
  catchUp(found: readonly Snapshot[], now: number, hit: boolean): void {
    const known = found.map((s) => this.entries.has(rowKey(s.processor, s.request_id)));
    const [first, last] = known.includes(true) ? [known.indexOf(true), known.lastIndexOf(true)] : [found.length, found.length];
    this.older(found.slice(last + 1), now, hit);
    for (const s of found.slice(first, last + 1).toReversed()) {
      const there = () => this.entries.has(rowKey(s.processor, s.request_id));
      if (!there()) this.place(s, now, false);
      if (there()) this.merge(s, now, hit);
    }
    for (const s of found.slice(0, first).toReversed()) this.merge(s, now, hit);
  }

  /** Adds a page of older requests, newest first; false when there is no room for more. */
  older(page: readonly Snapshot[], now: number, hit: boolean): boolean {
    const before: { row: Row }[] = [];
    for (const s of page) {
      const row = { ...rowOf(s, now), hit };
      if (this.entries.has(row.key)) continue;
      if (this.full) break;
      before.push(this.enter(row));
    }
    this.order = [...before.reverse(), ...this.order];
    return !this.full;
  }

  /** Open requests that nobody will tell the end of any more. */
  abandon(gone: (row: Row) => boolean): void {
    for (const entry of this.entries.values()) {
      if (entry.row.state === "open" && gone(entry.row)) entry.row = { ...entry.row, state: "flushed", complete: false };
    }
  }

  private put(row: Row): void {
    const entry = this.entries.get(row.key);
    if (entry) {
      entry.row = row;
      return;
    }
    this.order.push(this.enter(row));
    this.trim();
  }

  private enter(row: Row): { row: Row } {
    const entry = { row };
    this.entries.set(row.key, entry);
    this.processors.add(row.processor);
    return entry;
  }

  private trim(): void {
    while (this.entries.size > this.limit) this.evict();
    // What left is taken out of the order when it is a good part of it.
    if (this.order.length > this.limit + 512 || this.order.length > 2 * this.entries.size + 512) this.tidy();
  }

  private evict(): void {
    for (const entry of this.order) {
      if (this.entries.get(entry.row.key) === entry) {
        this.entries.delete(entry.row.key);
        return;
      }
    }
  }

  private remove(key: string): void {
    this.entries.delete(key);
  }

  private tidy(): void {
    this.order = this.order.filter((entry) => this.entries.get(entry.row.key) === entry);
  }
}

const rank: Record<State, number> = { open: 0, ended: 1, flushed: 2 };

let sought: { readonly text: string; readonly found: RegExp } = { text: "", found: /(?:)/ };

/** Whether JSON has a text, in upper or lower case, in a string or in JSON in a string. */
function contains(data: string, text: string): boolean {
  if (sought.text !== text) {
    const once = JSON.stringify(text).slice(1, -1);
    const forms = [once, JSON.stringify(once).slice(1, -1)].map((form) => form.replace(/[\\^$.*+?()[\]{}|/]/g, "\\$&"));
    sought = { text, found: new RegExp([...new Set(forms)].join("|"), "iu") };
  }
  return sought.found.test(data);
}

/** What an event says of the content, which is what the server searches too: not the names that every event has. */
function content(event: StreamEvent): readonly unknown[] {
  const data = parse(event.data);
  switch (event.name) {
    case "request.open":
      return [data["conversation_id"], data["request_model"]];
    case "request.call": {
      const c = (data["call"] ?? {}) as Call;
      return [
        c.name, c.request_model, c.response_model, c.response_id, c.finish_reasons, c.error && Object.values(c.error), c.tool && Object.values(c.tool),
        c.attributes, c.system_instructions, c.input_messages, c.output_messages, c.tool_definitions,
      ];
    }
    case "request.end":
    case "request.flush":
      return [];
  }
  return [data["name"], data["attributes"], data["body"]];
}

function string(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: unknown): number | undefined {
  return typeof value === "number" && Number.isFinite(value) ? value : undefined;
}

function opened(row: Row, data: Record<string, unknown>): Row {
  return {
    ...row,
    keySource: string(data["key_source"]) ?? row.keySource,
    trace: string(data["trace_id"]) ?? row.trace,
    conversation: string(data["conversation_id"]) ?? row.conversation,
    service: string(data["service"]) ?? row.service,
    provider: string(data["provider"]) ?? row.provider,
    model: string(data["request_model"]) ?? row.model,
    operation: string(data["operation"]) ?? row.operation,
  };
}

function called(row: Row, call: Call): Row {
  const toolCalls = Math.max(row.toolCalls, countToolCalls([call]));
  if (row.kind === "inference" && call.kind !== "inference") return { ...row, toolCalls };
  const started = Date.parse(call.started_at ?? "");
  return {
    ...row,
    toolCalls,
    kind: call.kind ?? row.kind,
    name: string(call.tool?.name) ?? string(call.name) ?? row.name,
    startedAt: Number.isNaN(started) ? row.startedAt : started,
    durationNs: number(call.duration_ns) ?? row.durationNs,
    firstChunkNs: number(call.time_to_first_chunk_ns) ?? row.firstChunkNs,
    model: string(call.request_model) ?? row.model,
    responseModel: string(call.response_model) ?? row.responseModel,
    provider: string(call.provider) ?? row.provider,
    operation: string(call.operation) ?? row.operation,
    finishReasons: call.finish_reasons ?? row.finishReasons,
    usage: call.usage ?? row.usage,
    error: call.error ?? row.error,
  };
}

function ended(row: Row, data: Record<string, unknown>): Row {
  return {
    ...row,
    state: row.state === "open" ? "ended" : row.state,
    status: string(data["status"]) ?? row.status,
    durationNs: number(data["duration_ns"]) ?? row.durationNs,
    usage: (data["usage"] as Usage | undefined) ?? row.usage,
    error: (data["error"] as Failure | undefined) ?? row.error,
  };
}

function flushed(row: Row, data: Record<string, unknown>): Row {
  const reason = string(data["flush_reason"]);
  return {
    ...row,
    state: reason === "size" ? row.state : "flushed",
    flushReason: reason,
    complete: data["complete"] === true,
    counts: (data["counts"] as Counts | undefined) ?? row.counts,
  };
}
