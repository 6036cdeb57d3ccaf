import { batch, computed, effect, signal, untracked } from "@preact/signals";
import { askJSON, credential, Refused } from "../api/client";
import { isFinal, Stream, type Loss } from "../api/stream";
import type { Page, ServerConfig, Snapshot, StreamEvent } from "../api/types";
import { fits, isLocal, serverPart, writeServerFilter } from "../model/filter";
import { below, hold, type Held } from "../model/held";
import { rowKey, Rows, type Row } from "../model/rows";
import { announce } from "./announce";
import { Frames } from "./frames";
import { filter } from "./location";

/** How many requests the page keeps. */
export const mostRows = 10_000;
const pageSize = 200;
/** At most so many events wait to be shown; then the server has to wait. */
const mostQueued = 5000;
/** The list changes at most that often, in ms: nobody reads faster. */
const publishEvery = 50;
/** How long events are taken in at a time, in ms: within a frame, or while nobody looks. */
const frameBudget = 8;
const hiddenBudget = 200;
/** How many requests are asked for at once; the server takes no more values of one key. */
const mostAsked = 32;
/** When what failed beside the stream is tried again, in ms. */
const retryAfter = 2000;

const epochOf = (cursor: string): string => cursor.split("-")[0] ?? "";

/** How it stands with the server. */
export type Connection =
  | { kind: "connecting"; since: number }
  | { kind: "live"; since: number }
  | { kind: "lost"; since: number; retryAt: number | null; loss: Loss }
  | { kind: "refused"; status: number; detail: string }
  | { kind: "unauthorized"; rejected: boolean };

export const connection = signal<Connection>({ kind: "connecting", since: Date.now() });
export const serverConfig = signal<ServerConfig | null>(null);
/** What the list shows, newest first. */
export const shown = signal<readonly Row[]>([]);
export const paused = signal(false);
/** How many requests have come while the list is paused. */
export const waiting = signal(0);
/** Whether the list stays at its newest end. */
export const follow = signal(true);
/** Events that this page could not get. */
export const missed = signal<{ count: number; unknown: boolean; restarted: boolean; at: number } | null>(null);
/** Older requests: whether there are more, and whether they are being fetched. */
export const older = signal<{ more: boolean; busy: boolean }>({ more: false, busy: false });
/** Whether the list was cleared, so that what came before is not shown. */
export const cleared = signal(false);
/** Rows in memory, whether they fit or not. */
export const known = signal(0);
export const loaded = signal(false);
/** Whether requests of more than one processor were seen. */
export const severalProcessors = signal(false);
/** Ticks for what grows older by itself. */
export const now = signal(Date.now());
setInterval(() => (now.value = Date.now()), 1000);

export const needsCredential = computed(() => connection.value.kind === "unauthorized");

type Watcher = (key: string) => void;
const watchers = new Set<Watcher>();
/** Is told the key of every request that something came of, at most once per frame. */
export function watchRows(watcher: Watcher): () => void {
  watchers.add(watcher);
  return () => watchers.delete(watcher);
}
const reconnects = new Set<() => void>();
/** Is told when what was seen may have gaps. */
export function watchReconnects(watcher: () => void): void {
  reconnects.add(watcher);
}

/** One run of list and stream, for one filter of the server's. */
class Run {
  readonly rows = new Rows(mostRows);
  private readonly abort = new AbortController();
  private stream: Stream | null = null;
  private streaming: AbortController | null = null;
  private wake: (() => void) | null = null;
  private queue: StreamEvent[] = [];
  private readonly touched = new Set<string>();
  private toAsk = new Map<string, string>();
  private asking = false;
  /** How often the list was cleared. */
  private clears = 0;
  private drained: (() => void) | null = null;
  private pageToken: string | undefined;
  private fetching: Promise<boolean> | null = null;
  private epoch = "";
  private lastPublished = 0;
  /** What is shown while the list is paused. */
  private held: Held | null = null;
  private readonly frames = new Frames(() => this.work(), this.abort.signal);
  private readonly query: URLSearchParams;
  private readonly text: string;

  constructor(
    /** Another was there before. */
    private readonly later: boolean,
  ) {
    const f = filter.peek();
    this.query = new URLSearchParams();
    writeServerFilter(f, this.query);
    this.text = f.q;
    void this.begin(() => this.firstPage());
  }

  end(): void {
    this.abort.abort();
    this.drained?.();
    this.wake?.();
  }

  retry(): void {
    this.wake?.();
    this.stream?.retry();
  }

  check(): void {
    this.stream?.check();
  }

  private list(more: Record<string, string>): string {
    const query = new URLSearchParams(this.query);
    if (this.text) query.set("q", this.text);
    for (const [key, value] of Object.entries(more)) query.set(key, value);
    return `api/v1/requests?${query.toString()}`;
  }

  /** Gets the list and goes on live from there, as soon as that can be done. */
  private async begin(get: () => Promise<string>): Promise<void> {
    for (let attempt = 0; !this.abort.signal.aborted; attempt++) {
      try {
        const cursor = await get();
        // Nobody knows how much went by between an attempt and the next.
        if (attempt > 0 && this.epoch !== "") this.tellGap(epochOf(cursor), null);
        this.listen(cursor);
        return;
      } catch (error) {
        if (this.abort.signal.aborted) return;
        const refused = error instanceof Refused ? error : null;
        const wait = Math.max(refused?.retryAfter ?? 0, Math.min(15_000, 500 * 2 ** attempt));
        // What was taken once is taken again, but for a page token of before a restart.
        const again = refused === null || loaded.peek() || !isFinal(refused.status);
        this.lost(refused ? { kind: "refused", status: refused.status, detail: refused.message } : { kind: "network" }, again ? Date.now() + wait : null);
        if (!again || needsCredential.peek()) return;
        await this.pause(wait);
      }
    }
  }

  private pause(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.wake = resolve;
      setTimeout(resolve, ms);
    });
  }

  /** The first page; older ones come when they are looked for. Answers the cursor. */
  private async firstPage(): Promise<string> {
    serverConfig.value ??= await askJSON<ServerConfig>("api/v1/config", this.abort.signal);
    const page = await askJSON<Page>(this.list({ limit: String(pageSize) }), this.abort.signal);
    const room = this.rows.older(page.requests, Date.now(), this.text !== "");
    this.pageToken = page.next_page_token;
    batch(() => {
      older.value = { more: room && this.pageToken !== undefined, busy: false };
      loaded.value = true;
      cleared.value = false;
    });
    this.publish();
    // Between the stream before and this one nobody told what came.
    if (this.later) for (const tell of reconnects) tell();
    return page.cursor;
  }

  private listen(cursor: string): void {
    this.epoch = epochOf(cursor);
    const mine = new AbortController();
    this.streaming = mine;
    const signal = AbortSignal.any([this.abort.signal, mine.signal]);
    this.stream = new Stream(
      `api/v1/events${this.query.size > 0 ? `?${this.query.toString()}` : ""}`, cursor,
      {
        opened: () => this.opened(),
        event: (e) => signal.aborted || this.take(e),
        lost: (loss, at) => this.lost(loss, at),
        ready: () => this.ready(),
      },
      signal, (serverConfig.peek()?.keepalive_ns ?? 15e9) / 1e6,
    );
  }

  private opened(): void {
    const before = connection.peek();
    connection.value = { kind: "live", since: Date.now() };
    if (before.kind === "lost") {
      announce("Connected again");
      for (const tell of reconnects) tell();
    }
  }

  private lost(loss: Loss, retryAt: number | null): void {
    const before = connection.peek();
    if (loss.kind === "refused" && locks(loss.status)) return;
    if (loss.kind === "refused" && retryAt === null) {
      connection.value = { kind: "refused", status: loss.status, detail: loss.detail };
      announce("The server refused");
      return;
    }
    connection.value = { kind: "lost", since: before.kind === "lost" ? before.since : Date.now(), retryAt, loss };
    if (before.kind !== "lost") announce("Connection lost");
  }

  private take(event: StreamEvent): void {
    if (event.name === "stream.lost") {
      this.miss(event);
      return;
    }
    this.queue.push(event);
    this.frames.schedule();
  }

  private ready(): Promise<void> | undefined {
    // Timers of a page that nobody looks at may come once a minute.
    if (document.hidden) this.work();
    if (this.queue.length < mostQueued) return undefined;
    return new Promise((resolve) => (this.drained = resolve));
  }

  private work(): void {
    if (this.abort.signal.aborted) return;
    const until = performance.now() + (document.hidden ? hiddenBudget : frameBudget);
    const time = Date.now();
    let done = 0;
    for (const event of this.queue) {
      const effect = this.rows.apply(event, time, this.text);
      if (effect) {
        this.touched.add(effect.key);
        if (effect.gone !== undefined) this.touched.add(effect.gone);
        if (effect.ask) this.toAsk.set(effect.key, effect.key.slice(effect.key.indexOf("\u0000") + 1));
      }
      if (++done % 64 === 0 && performance.now() > until) break;
    }
    this.queue = this.queue.slice(done);
    if (this.queue.length < mostQueued / 2) {
      this.drained?.();
      this.drained = null;
    }
    for (const key of this.touched) for (const tell of watchers) tell(key);
    this.touched.clear();
    const early = performance.now() - this.lastPublished < publishEvery;
    if (!early) this.publish();
    if (early || this.queue.length > 0) this.frames.schedule();
    if (this.toAsk.size > 0) void this.askMore();
  }

  /** Asks for the summaries of requests of which the server knows more. */
  private async askMore(): Promise<void> {
    if (this.asking) return;
    this.asking = true;
    const asked = new Map<string, string>();
    try {
      await new Promise((resolve) => setTimeout(resolve, 250));
      while (this.toAsk.size > 0 && !this.abort.signal.aborted) {
        const query = new URLSearchParams({ limit: "200" });
        asked.clear();
        // The newest first: they are looked at. Addresses have to stay short.
        for (const [key, id] of [...this.toAsk].reverse()) {
          if (asked.size >= mostAsked || query.toString().length > 6000) break;
          query.append("request_id", id);
          asked.set(key, id);
          this.toAsk.delete(key);
        }
        // What has waited for long gets its summary when it is opened.
        for (const key of [...this.toAsk.keys()].slice(0, Math.max(0, this.toAsk.size - 2000))) this.toAsk.delete(key);
        // A page may end before its limit.
        for (let token: string | undefined = ""; token !== undefined; ) {
          if (token) query.set("page_token", token);
          const before = this.clears;
          const page: Page = await askJSON<Page>(`api/v1/requests?${query.toString()}`, this.abort.signal);
          const time = Date.now();
          for (const s of before === this.clears ? page.requests : []) this.rows.place(s, time, this.pageToken !== undefined);
          this.frames.schedule();
          token = page.next_page_token;
        }
        await new Promise((resolve) => setTimeout(resolve, 60));
      }
    } catch (error) {
      if (this.abort.signal.aborted || unauthorized(error)) return;
      // What the server does not want to be asked, it is not asked again.
      if (error instanceof Refused && error.status === 400) asked.clear();
      // The stream says what is wrong. Those that were asked for go first: they are the older ones.
      for (const [key, id] of this.toAsk) asked.set(key, id);
      this.toAsk = asked;
      setTimeout(() => !this.abort.signal.aborted && void this.askMore(), retryAfter);
    } finally {
      this.asking = false;
    }
  }

  private miss(event: StreamEvent): void {
    let count: unknown;
    try {
      count = (JSON.parse(event.data) as { count?: unknown }).count;
    } catch {
      // Nothing is known of the loss.
    }
    this.tellGap(epochOf(event.id), typeof count === "number" ? count : null);
    // What the stream would tell next is in the list already, and so is what
    // waits: told after the list, it would open again what has ended.
    this.streaming?.abort();
    this.queue = [];
    this.drained?.();
    this.drained = null;
    void this.begin(() => this.catchUp());
  }

  /** Says that events went by: how many, if that is known, before those of `epoch`. */
  private tellGap(epoch: string, count: number | null): void {
    const restarted = epoch !== this.epoch;
    const before = missed.peek();
    missed.value = {
      count: (before?.count ?? 0) + (count ?? 0),
      unknown: (before?.unknown ?? false) || count === null,
      restarted: (before?.restarted ?? false) || restarted,
      at: Date.now(),
    };
    announce(restarted ? "The server was restarted" : "Some events were missed");
  }

  /** Gets all of the list that is new to this page. Answers the cursor. */
  private async catchUp(): Promise<string> {
    // A server that was restarted may be set up in another way.
    serverConfig.value = await askJSON<ServerConfig>("api/v1/config", this.abort.signal);
    const found: Snapshot[] = [];
    let cursor = "";
    let token: string | undefined;
    do {
      const page: Page = await askJSON<Page>(this.list({ limit: "1000", ...(token ? { page_token: token } : {}) }), this.abort.signal);
      cursor ||= page.cursor;
      token = page.next_page_token;
      found.push(...page.requests);
      if (page.requests.every((s) => this.rows.get(rowKey(s.processor, s.request_id)))) break;
    } while (token !== undefined && found.length < mostRows);
    const time = Date.now();
    const there = new Set(found.map((s) => rowKey(s.processor, s.request_id)));
    this.rows.catchUp(found, time, this.text !== "");
    // A list that was searched, or not read to its end, says nothing of the rest.
    if (token === undefined) this.rows.abandon((row) => !there.has(row.key) && (this.text === "" || row.hit));
    for (const row of this.rows.newest((r) => r.state !== "flushed" && !there.has(r.key))) this.toAsk.set(row.key, row.id);
    void this.askMore();
    this.publish();
    for (const tell of reconnects) tell();
    return cursor;
  }

  /** Fetches a page of older requests; false when there is none, or not now. */
  more(): Promise<boolean> {
    if (this.pageToken === undefined) return Promise.resolve(false);
    if (this.rows.full) {
      older.value = { more: false, busy: false };
      return Promise.resolve(false);
    }
    return (this.fetching ??= this.page(this.pageToken));
  }

  private async page(token: string): Promise<boolean> {
    older.value = { more: true, busy: true };
    const { clears } = this;
    try {
      const page = await askJSON<Page>(this.list({ limit: "500", page_token: token }), this.abort.signal);
      this.fetching = null;
      if (clears !== this.clears) return false;
      const had = this.rows.size;
      const room = this.rows.older(page.requests, Date.now(), this.text !== "");
      // A list that is paused waits for what is new, not for what was asked for.
      if (this.held) this.held = below(this.held, this.rows.newest(() => true).slice(had));
      this.pageToken = page.next_page_token;
      older.value = { more: room && this.pageToken !== undefined, busy: false };
      this.publish();
      return true;
    } catch (error) {
      if (this.abort.signal.aborted || unauthorized(error)) return false;
      // With a token from before a restart, what is there stays.
      if (error instanceof Refused && error.status === 400) this.pageToken = undefined;
      else await this.pause(retryAfter);
      this.fetching = null;
      if (!this.abort.signal.aborted) older.value = { more: this.pageToken !== undefined, busy: false };
      return false;
    }
  }

  clear(): void {
    this.rows.clear();
    this.toAsk.clear();
    this.clears++;
    this.held = null;
    this.pageToken = undefined;
    cleared.value = true;
    older.value = { more: false, busy: false };
    this.publish();
  }

  /** Lets the list show what is known. */
  publish(): void {
    this.lastPublished = performance.now();
    const f = filter.peek();
    const fitting = this.rows.newest((row) => fits(f, row));
    batch(() => {
      known.value = this.rows.size;
      if (this.rows.ofSeveral) severalProcessors.value = true;
      if (paused.peek()) {
        const held = (this.held ??= hold(this.rows));
        shown.value = held.rows.filter((row) => fits(f, row));
        waiting.value = fitting.reduce((n, row) => (held.keys.has(row.key) ? n : n + 1), 0);
      } else {
        this.held = null;
        shown.value = fitting;
        waiting.value = 0;
      }
    });
    // A filter of this page's own may hide most of what was fetched.
    if (isLocal(f) && fitting.length < pageSize && older.peek().more) void this.more();
  }
}

/** Whether an answer says that a credential is needed; the page asks for one then. */
function locks(status: number): boolean {
  if (status !== 401 && status !== 403) return false;
  if (!needsCredential.peek()) connection.value = { kind: "unauthorized", rejected: credential.get() !== null };
  credential.clear();
  return true;
}

/**
 * The same for what asking beside the stream failed with: a stream lives on when
 * its credential does not. That one thing is forbidden is no reason to lock all.
 */
export const unauthorized = (error: unknown): boolean => error instanceof Refused && error.status === 401 && locks(error.status);

let run: Run | null = null;

/** Begins, and begins anew whenever the server's part of the filter changes. */
export function start(): void {
  const part = computed(() => serverPart(filter.value));
  effect(() => {
    void part.value;
    untracked(restart);
  });
  effect(() => {
    void filter.value;
    void paused.value;
    untracked(() => loaded.peek() && run?.publish());
  });
  window.addEventListener("online", () => run?.retry());
  document.addEventListener("visibilitychange", () => !document.hidden && run?.check());
}

function restart(): void {
  run?.end();
  batch(() => {
    connection.value = { kind: "connecting", since: Date.now() };
    loaded.value = false;
    shown.value = [];
    waiting.value = 0;
    paused.value = false;
    older.value = { more: false, busy: false };
  });
  run = new Run(run !== null);
}

/** Tries a credential; null forgets the one there is. */
export function authorize(value: string | null): void {
  if (value === null) credential.clear();
  else credential.set(value);
  serverConfig.value = null;
  restart();
}

export const retry = (): void => run?.retry();
export const clear = (): void => run?.clear();
/** Answers whether older requests came. */
export const loadOlder = async (): Promise<boolean> => (await run?.more()) ?? false;
export const rowByKey = (key: string): Row | undefined => run?.rows.get(key);
/** The newest row of an id, of a processor if one is given. */
export const rowById = (id: string, processor: string | null = null): Row | undefined =>
  shown.peek().find((row) => row.id === id && (processor === null || row.processor === processor));
