import { createParser } from "eventsource-parser";
import { ask, Refused } from "./client";
import type { StreamEvent } from "./types";

/** What a stream tells its owner. */
export interface Listener {
  /** The stream is open. */
  opened(): void;
  event(event: StreamEvent): void;
  /** It broke or was refused; it is tried again at `retryAt` (ms), never when null. */
  lost(why: Loss, retryAt: number | null): void;
  /** Waits until the owner can take more. */
  ready(): Promise<void> | undefined;
}

export type Loss =
  | { kind: "network" }
  | { kind: "silent" }
  | { kind: "stopping"; reason: string }
  | { kind: "refused"; status: number; detail: string };

/** Whether it is what was asked for that the server does not take: asked again, it answers the same. */
export const isFinal = (status: number): boolean => [400, 414, 422, 431].includes(status);

const firstWait = 500;
const longestWait = 15_000;

/**
 * A stream of events that comes back by itself, from where it was. It ends when
 * `signal` does. EventSource cannot send credentials, so this reads a fetch.
 */
export class Stream {
  /** The cursor to go on after. */
  cursor: string;
  private attempt = 0;
  private wake: (() => void) | null = null;
  private lastByte = 0;
  private current: AbortController | null = null;

  constructor(
    private readonly path: string,
    cursor: string,
    private readonly listener: Listener,
    private readonly signal: AbortSignal,
    /** The server says something at least that often, in ms. */
    private readonly keepalive: number,
  ) {
    this.cursor = cursor;
    signal.addEventListener("abort", () => this.current?.abort());
    void this.run();
  }

  /** Tries again now: the network is back, or the user says so. */
  retry(): void {
    this.attempt = 0;
    this.wake?.();
  }

  /** Looks after sleep whether the connection is alive, as far as can be known. */
  check(): void {
    if (this.lastByte > 0 && Date.now() - this.lastByte > this.patience()) this.current?.abort("silent");
    this.wake?.();
  }

  private patience(): number {
    return 2.5 * this.keepalive + 2000;
  }

  private async run(): Promise<void> {
    while (!this.signal.aborted) {
      const loss = await this.once();
      if (this.signal.aborted) return;
      const wait = this.wait(loss);
      this.listener.lost(loss, wait === null ? null : Date.now() + wait);
      if (wait === null) return;
      await this.sleep(wait);
    }
  }

  private wait(loss: Loss & { retryAfter?: number | null }): number | null {
    if (loss.kind === "refused" && (loss.status === 401 || loss.status === 403 || isFinal(loss.status))) return null;
    const usual = Math.min(longestWait, firstWait * 2 ** this.attempt++);
    return Math.max(loss.retryAfter ?? 0, usual * (0.75 + Math.random() / 2));
  }

  private sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.wake = null;
        this.signal.removeEventListener("abort", done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      this.wake = done;
      this.signal.addEventListener("abort", done);
    });
  }

  /** One connection, until it is over. */
  private async once(): Promise<Loss & { retryAfter?: number | null }> {
    const connection = new AbortController();
    this.current = connection;
    const watchdog = setInterval(() => this.check(), 5000);
    let stopping: string | null = null;
    // A connection that is dead may be so from its first byte.
    this.lastByte = Date.now();
    try {
      const response = await ask(this.path, {
        headers: { Accept: "text/event-stream", ...(this.cursor ? { "Last-Event-ID": this.cursor } : {}) },
        signal: connection.signal,
      });
      if (response.status === 204 || !response.body) return { kind: "refused", status: 204, detail: "nothing is left" };
      this.lastByte = Date.now();
      this.listener.opened();
      const parser = createParser({
        onEvent: (e) => {
          if (e.id !== undefined) this.cursor = e.id;
          if (e.event === "stream.end") stopping = reasonOf(e.data);
          else this.listener.event({ id: e.id ?? "", name: e.event ?? "message", data: e.data });
        },
      });
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const { done, value } = await reader.read();
        if (done) break;
        this.lastByte = Date.now();
        this.attempt = 0;
        parser.feed(value);
        // The parser says nothing of blocks with an id alone, which keep a
        // quiet stream's cursor young; the server sends them in one piece.
        const moved = /(?:^|\n)id: (\S+)\n\n$/.exec(value.slice(-256));
        if (moved?.[1]) this.cursor = moved[1];
        await this.listener.ready();
      }
    } catch (error) {
      if (error instanceof Refused) {
        return { kind: "refused", status: error.status, detail: error.message, retryAfter: error.retryAfter };
      }
      if (connection.signal.reason === "silent") return { kind: "silent" };
      return { kind: "network" };
    } finally {
      clearInterval(watchdog);
      this.lastByte = 0;
      connection.abort();
    }
    return stopping === null ? { kind: "network" } : { kind: "stopping", reason: stopping };
  }
}

function reasonOf(data: string): string {
  try {
    return String((JSON.parse(data) as { reason?: unknown }).reason ?? "");
  } catch {
    return "";
  }
}
