import { effect, signal, untracked } from "@preact/signals";
import { askJSON, Refused } from "../api/client";
import { segment } from "../api/mount";
import { Stream } from "../api/stream";
import type { Snapshot } from "../api/types";
import { hasServerKeys } from "../model/filter";
import { rowKey } from "../model/rows";
import { filter, go, route, type Route } from "./location";
import { addressOf, current } from "./selection";
import { needsCredential, rowById, serverConfig, unauthorized, watchReconnects, watchRows } from "./session";

/** The request that is open. */
export interface Detail {
  readonly id: string;
  readonly envelope: Snapshot | null;
  /** Why there is none, or no newer one. */
  readonly problem: { readonly status: number; readonly message: string } | null;
}

export const detail = signal<Detail | null>(null);

const shortestWait = 150;
const longestWait = 5000;
/** When what went wrong and may get well again is tried again, in ms. */
const retryAfter = 5000;

/** Keeps one request as it stands, asking again when something came of it. */
class Watched {
  private readonly abort = new AbortController();
  private timer: ReturnType<typeof setTimeout> | undefined;
  private busy = false;
  private again = false;
  private lastTook = 0;
  private readonly ownStream = new AbortController();
  private following = false;

  constructor(
    readonly id: string,
    /** Whose request it is; of the processor that has the newest of this id when empty. */
    public processor: string,
  ) {
    detail.value = { id, envelope: null, problem: null };
    void this.fetch();
  }

  end(): void {
    this.abort.abort();
    this.ownStream.abort();
    clearTimeout(this.timer);
  }

  /** Something came of a request. */
  touch(key: string): void {
    if (key === rowKey(this.processor, this.id) || (this.processor === "" && key.endsWith(`\u0000${this.id}`))) this.refresh();
  }

  refresh(): void {
    if (this.busy) {
      this.again = true;
      return;
    }
    this.timer ??= setTimeout(
      () => this.retry(),
      Math.min(longestWait, Math.max(shortestWait, 3 * this.lastTook)),
    );
  }

  private retry(): void {
    this.timer = undefined;
    void this.fetch();
  }

  /** The list's stream leaves out what its filter does: this takes one of its own. */
  follow(): void {
    if (this.following || detail.peek()?.envelope?.state === "flushed") return;
    this.following = true;
    const query = new URLSearchParams({ request_id: this.id });
    new Stream(
      `api/v1/events?${query.toString()}`, "",
      { opened: () => this.refresh(), event: () => this.refresh(), lost: () => undefined, ready: () => undefined },
      AbortSignal.any([this.abort.signal, this.ownStream.signal]),
      (serverConfig.peek()?.keepalive_ns ?? 15e9) / 1e6,
    );
  }

  private async fetch(): Promise<void> {
    this.busy = true;
    const began = performance.now();
    try {
      const query = this.processor ? `?${new URLSearchParams({ processor: this.processor }).toString()}` : "";
      const envelope = await askJSON<Snapshot>(`api/v1/requests/${segment(this.id)}${query}`, this.abort.signal);
      if (this.abort.signal.aborted) return;
      this.processor = envelope.processor;
      if (envelope.request_id !== this.id) {
        // It became a part of another request.
        go(addressOf({ id: envelope.request_id, processor: envelope.processor }), "replace");
        return;
      }
      detail.value = { id: this.id, envelope, problem: null };
      if (envelope.state === "flushed") this.ownStream.abort();
    } catch (error) {
      if (this.abort.signal.aborted || unauthorized(error)) return;
      const problem =
        error instanceof Refused ? { status: error.status, message: error.message }
        : { status: 0, message: "The server cannot be reached. It is asked again every few seconds." };
      detail.value = { id: this.id, envelope: detail.peek()?.envelope ?? null, problem };
      if (problem.status === 0 || problem.status === 429 || problem.status >= 500) this.timer ??= setTimeout(() => this.retry(), retryAfter);
    } finally {
      this.busy = false;
      this.lastTook = performance.now() - began;
      if (this.again && !this.abort.signal.aborted) {
        this.again = false;
        this.refresh();
      }
    }
  }
}

/** What leads to the request that is open. */
export function openRequest(): Pick<Route, "id" | "component"> {
  const { id, component } = route.value;
  const envelope = detail.value?.envelope;
  return id !== null && envelope?.request_id === id ? addressOf({ id, processor: envelope.processor }) : { id, component };
}

let watched: Watched | null = null;

/** Whose request is open, as far as a row says; several may have requests of one id. */
function processorOf(key: string | null, id: string | null): string {
  return id !== null && key?.endsWith(`\u0000${id}`) ? key.slice(0, -id.length - 1) : "";
}

export function startDetail(): void {
  effect(() => {
    const { id, component } = route.value;
    const locked = needsCredential.value;
    const filtered = hasServerKeys(filter.value);
    const chosen = component ?? processorOf(current.value, id);
    untracked(() => {
      const another = chosen !== "" && watched?.processor !== "" && watched?.processor !== chosen;
      if (watched && (watched.id !== id || locked || another)) {
        watched.end();
        watched = null;
        detail.value = null;
      }
      if (id !== null && !watched && !locked) watched = new Watched(id, chosen || (rowById(id)?.processor ?? ""));
      if (filtered) watched?.follow();
    });
  });
  watchRows((key) => watched?.touch(key));
  watchReconnects(() => watched?.refresh());
}
