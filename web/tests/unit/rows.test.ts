import { describe, expect, it } from "vitest";
import type { Snapshot } from "../../src/api/types";
import { outcome, rowKey, Rows } from "../../src/model/rows";

let position = 0;
const event = (name: string, request: string, data: object = {}, processor = "gen_ai_buffer") => ({
  id: `epoch-${++position}`, name, data: JSON.stringify({ processor, request_id: request, ...data }),
});
const all = () => true;
const summary = (id: string, more: Partial<Snapshot> = {}): Snapshot => ({
  request_id: id, processor: "gen_ai_buffer", state: "flushed", status: "ok", complete: true,
  started_at: "2026-01-01T00:00:00.5Z", counts: { events: 2, calls: 1, late: 0, truncated: 0, dropped: 0 }, ...more,
});

describe("rows from a stream", () => {
  it.each([
    ["SAY", "please say it"], ["café", "CAFÉ"], ["Привет", "ПРИВЕТ"], ["ΣΊΣΥΦΟΣ", "σίσυφος"], ["A.B*C", "a.b*c"], ['x"Y\\', 'X"y\\'], ["[A-Z]$", "the [a-z]$ of"],
    ["SAY \"hi\"", '{"arguments":"say \\"HI\\""}'],
  ])("are hits in any case: %s in %s", (text, content) => {
    const rows = new Rows(10);
    rows.apply(event("request.open", "a"), 0, text);
    rows.apply(event("gen_ai.user.message", "a", { body: "nothing of it" }), 0, text);
    expect(rows.newest(all).map((r) => r.hit)).toEqual([false]);
    rows.apply(event("gen_ai.user.message", "a", { body: content }), 0, text);
    expect(rows.newest(all).map((r) => r.hit)).toEqual([true]);
  });

  it("grow from open to done", () => {
    const rows = new Rows(10);
    expect(rows.apply(event("request.open", "a", { service: "shop", provider: "openai", key_source: "span" }), 1000)).toEqual({
      key: rowKey("gen_ai_buffer", "a"), ask: false,
    });
    rows.apply(event("gen_ai.user.message", "a", { seq: 1 }), 1001);
    const key = rowKey("gen_ai_buffer", "a");
    expect(rows.get(key)).toMatchObject({ service: "shop", provider: "openai", state: "open", events: 1, startedAt: 1000 });
    rows.apply(event("request.call", "a", {
      call: {
        kind: "inference", request_model: "m", response_model: "m-1", duration_ns: 5, time_to_first_chunk_ns: 2, finish_reasons: ["stop"],
        started_at: "2026-01-01T00:00:00Z", usage: { input_tokens: 3 },
        output_messages: [{ role: "assistant", parts: [{ type: "tool_call", id: "1" }, { type: "text", content: "x" }] }],
      },
    }), 1002);
    rows.apply(event("request.end", "a", { status: "ok", duration_ns: 5, usage: { input_tokens: 3, output_tokens: 4 } }), 1003);
    const ended = rows.get(key);
    expect(ended).toMatchObject({ model: "m", responseModel: "m-1", toolCalls: 1, firstChunkNs: 2, finishReasons: ["stop"], usage: { output_tokens: 4 }, state: "ended" });
    expect(outcome(ended!)).toBe("done");
    expect(rows.apply(event("request.flush", "a", { part: 1, flush_reason: "span_end", complete: true }), 1004)?.ask).toBe(true);
    expect(outcome(rows.get(key)!)).toBe("done");
  });

  it("end with an error, or incomplete", () => {
    const rows = new Rows(10);
    rows.apply(event("request.open", "bad"), 0);
    rows.apply(event("request.end", "bad", { status: "error", error: { type: "Timeout" } }), 0);
    rows.apply(event("request.open", "short"), 0);
    rows.apply(event("request.flush", "short", { flush_reason: "ttl", complete: false }), 0);
    rows.apply(event("request.open", "parted"), 0);
    rows.apply(event("request.flush", "parted", { flush_reason: "size", complete: false }), 0);
    expect(rows.newest(all).map((r) => [r.id, outcome(r)])).toEqual([["parted", "open"], ["short", "incomplete"], ["bad", "error"]]);
    expect(rows.get(rowKey("gen_ai_buffer", "bad"))?.error).toEqual({ type: "Timeout" });
  });

  it("that are first seen in the middle are asked for, and get the place of their time", () => {
    const rows = new Rows(10);
    rows.older([summary("later", { started_at: "2026-01-01T00:00:09Z" }), summary("first", { started_at: "2026-01-01T00:00:01Z" })], 0, false);
    const key = rowKey("gen_ai_buffer", "middle");
    expect(rows.apply(event("gen_ai.choice", "middle", { body: "needle" }), 7, "needle")).toEqual({ key, ask: true });
    expect(rows.size).toBe(2);
    rows.place(summary("middle", { started_at: "2026-01-01T00:00:05Z", service: "s" }), 9, true);
    expect(rows.newest(all).map((r) => [r.id, r.hit])).toEqual([["later", false], ["middle", true], ["first", false]]);
    // Older than all: it comes with the older ones, or now when there are none.
    rows.place(summary("oldest", { started_at: "2026-01-01T00:00:00Z" }), 9, true);
    expect(rows.size).toBe(3);
    rows.place(summary("oldest", { started_at: "2026-01-01T00:00:00Z" }), 9, false);
    expect(rows.newest(all).at(-1)?.id).toBe("oldest");
    rows.place(summary("middle", { service: "t" }), 9, true);
    expect(rows.get(key)?.service).toBe("t");
  });

  it("keep what came after an answer that is older", () => {
    const rows = new Rows(10);
    rows.apply(event("request.open", "a"), 0);
    rows.apply(event("request.flush", "a", { flush_reason: "span_end", complete: true }), 0);
    rows.merge(summary("a", { state: "open", status: "unknown", complete: false }), 0, false);
    expect(rows.newest(all)[0]).toMatchObject({ state: "flushed", complete: true });
  });

  it("merge into the request that stays", () => {
    const rows = new Rows(10);
    rows.apply(event("request.open", "a"), 0);
    rows.apply(event("request.open", "b"), 0);
    expect(rows.apply(event("request.merge", "b", { into: "a" }), 0)).toEqual({ key: rowKey("gen_ai_buffer", "a"), ask: true, gone: rowKey("gen_ai_buffer", "b") });
    expect(rows.newest(all).map((r) => r.id)).toEqual(["a"]);
  });

  it("come back to the top when they are opened again", () => {
    const rows = new Rows(10);
    rows.apply(event("request.open", "a"), 0);
    rows.apply(event("request.flush", "a", { flush_reason: "span_end", complete: true }), 0);
    rows.apply(event("request.open", "b"), 0);
    rows.apply(event("request.open", "a"), 5);
    expect(rows.newest(all).map((r) => [r.id, r.state])).toEqual([["a", "open"], ["b", "open"]]);
    expect(rows.size).toBe(2);
  });

  it("tell processors apart, and read ids of any kind", () => {
    const rows = new Rows(10);
    const odd = 'a/"b\\c\u202e\n';
    rows.apply(event("request.open", odd), 0);
    rows.apply(event("request.open", odd, {}, "gen_ai_buffer/2"), 0);
    rows.apply({ id: "x", name: "gen_ai.choice", data: JSON.stringify({ request_id: odd, processor: "gen_ai_buffer" }) }, 0);
    expect(rows.newest(all).map((r) => [r.id, r.processor, r.events])).toEqual([[odd, "gen_ai_buffer/2", 0], [odd, "gen_ai_buffer", 1]]);
  });

  it("take nothing in of what they cannot read", () => {
    const rows = new Rows(10);
    for (const data of ["", "{", "null", "[]", '{"processor":1}', '{"processor":"\\x","request_id":"r"}', '"x"']) expect(rows.apply({ id: "", name: "x", data }, 0)).toBeNull();
    rows.apply({ id: "", name: "request.open", data: '{"processor":"p","request_id":"r"}' }, 0);
    expect(rows.apply({ id: "", name: "request.call", data: '{"processor":"p","request_id":"r","call":null}' }, 0)).not.toBeNull();
    expect(rows.size).toBe(1);
  });

  it("find text in content as it came and in JSON inside strings", () => {
    const rows = new Rows(10);
    for (const id of ["a", "b", "c"]) rows.apply(event("request.open", id), 0);
    rows.apply(event("gen_ai.choice", "a", { body: { content: 'say "hi"' } }), 0, 'say "hi"');
    rows.apply(event("gen_ai.choice", "b", { attributes: { m: JSON.stringify([{ content: 'say "hi"' }]) } }), 0, 'say "hi"');
    rows.apply(event("gen_ai.choice", "c", { body: { content: "say hi" } }), 0, 'say "hi"');
    expect(rows.newest((r) => r.hit).map((r) => r.id)).toEqual(["b", "a"]);
  });

  it("find no text in what every event has around its content", () => {
    const rows = new Rows(10);
    const tell = (text: string) => {
      rows.apply(event("request.open", "a", { key_source: "span", model: "m" }), 0, text);
      rows.apply(event("gen_ai.choice", "a", { seq: 1, source: "log", time: "2026-01-01T00:00:00Z", body: { content: "hello" } }), 0, text);
      rows.apply(event("request.call", "a", { call: { kind: "inference", usage: { input_tokens: 1 }, content_source: { input_messages: "log" }, input_messages: [{ role: "user", parts: [{ type: "text", content: "good day" }] }] } }), 0, text);
      rows.apply(event("request.end", "a", { status: "ok" }), 0, text);
      rows.apply(event("request.flush", "a", { flush_reason: "span_end", complete: true, counts: { late: 0 } }), 0, text);
      return rows.newest((r) => r.hit).length;
    };
    for (const text of ["request_id", "time", "log", "inference", "input_messages", "status", "late", "span", "complete"]) expect(tell(text), text).toBe(0);
    expect(tell("hello")).toBe(1);
    rows.clear();
    expect(tell("good day")).toBe(1);
  });
});

describe("many rows", () => {
  it("stay within the limit, the newest", () => {
    const rows = new Rows(100);
    for (let n = 0; n < 5000; n++) {
      rows.apply(event("request.open", `r${n}`), n);
      if (n % 3 === 0) rows.apply(event("request.merge", `r${n}`, { into: `r${n - 1}` }), n);
    }
    expect(rows.size).toBe(100);
    const ids = rows.newest(all).map((r) => Number(r.id.slice(1)));
    expect(ids[0]).toBe(4999);
    expect(ids).toEqual([...ids].sort((a, b) => b - a));
    expect(Math.min(...ids)).toBeGreaterThan(4800);
  });

  it("take older pages below, as long as there is room", () => {
    const rows = new Rows(5);
    rows.apply(event("request.open", "new"), 0);
    expect(rows.older([summary("c"), summary("b"), summary("new")], 0, false)).toBe(true);
    expect(rows.newest(all).map((r) => r.id)).toEqual(["new", "c", "b"]);
    expect(rows.older([summary("a"), summary("z"), summary("y")], 0, false)).toBe(false);
    expect(rows.newest(all).map((r) => r.id)).toEqual(["new", "c", "b", "a", "z"]);
  });

  it("have what was missed where it belongs", () => {
    const rows = new Rows(10);
    const at = (n: number) => ({ started_at: new Date(Date.UTC(2026, 0, 1, 0, 0, n)).toISOString() });
    const server = [9, 8, 7, 6, 5, 4, 3, 2, 1].map((n) => summary(`r${n}`, at(n)));
    rows.older([summary("r7", at(7)), summary("r5", at(5))], 0, false);
    rows.catchUp(server, 0, false);
    expect(rows.newest(all).map((r) => r.id)).toEqual(server.map((s) => s.request_id));
    const others = new Rows(10);
    others.older([summary("gone", at(0))], 0, false);
    others.catchUp(server, 0, true);
    expect(others.newest(all).map((r) => r.id)).toEqual([...server.map((s) => s.request_id), "gone"]);
    expect(others.newest((r) => r.hit)).toHaveLength(9);
  });

  it("that are cleared stay away, until they are opened again", () => {
    const rows = new Rows(5);
    for (const id of ["a", "b"]) rows.apply(event("request.open", id), 0);
    rows.clear();
    for (const name of ["gen_ai.choice", "request.call", "request.end", "request.flush"]) rows.apply(event(name, "a", {}), 0);
    expect(rows.size).toBe(0);
    for (const id of ["b", "a"]) rows.apply(event("request.open", id), 0);
    expect(rows.newest(all).map((r) => r.id)).toEqual(["a", "b"]);
  });

  it("give up what nobody will tell the end of", () => {
    const rows = new Rows(5);
    rows.apply(event("request.open", "a"), 0);
    rows.abandon(() => true);
    expect(outcome(rows.newest(all)[0]!)).toBe("incomplete");
  });
});
