import { describe, expect, it } from "vitest";
import type { Call, Snapshot } from "../../src/api/types";
import { timeline } from "../../src/model/timeline";
import { blobBytes, transcript } from "../../src/model/transcript";
import { waterfall } from "../../src/model/waterfall";

const envelope = (calls: unknown, more: Partial<Snapshot> = {}): Snapshot =>
  ({ request_id: "r", processor: "p", state: "flushed", calls, ...more }) as Snapshot;
const text = (content: string) => ({ type: "text", content });
const at = (s: number) => new Date(Date.UTC(2026, 0, 1) + s * 1000).toISOString();

describe("transcripts", () => {
  it("tell what is new in this turn from history", () => {
    const { conversations } = transcript(envelope([{
      kind: "inference",
      system_instructions: [text("be kind")],
      input_messages: [
        { role: "user", parts: [text("1")] }, { role: "assistant", parts: [text("2")] },
        { role: "user", parts: [text("3")] }, { role: "assistant", parts: [{ type: "tool_call", id: "t", name: "look", arguments: '{"a":1}' }] },
        { role: "tool", parts: [{ type: "tool_call_response", id: "t", response: "[1,2]" }] },
      ],
      output_messages: [{ role: "assistant", parts: [text("4")], finish_reason: "stop" }],
    }]));
    const [c] = conversations;
    expect(c?.system?.size).toBe(7);
    expect(c?.history.map((e) => e.role)).toEqual(["user", "assistant", "user", "assistant"]);
    expect(c?.fresh.map((e) => e.role)).toEqual(["tool"]);
    expect(c?.output).toHaveLength(1);
  });

  it("have no history in a first turn, and keep a prefilled answer", () => {
    const first = transcript(envelope([{ input_messages: [{ role: "user", parts: [text("1")] }] }])).conversations[0];
    expect([first?.history.length, first?.fresh.length]).toEqual([0, 1]);
    const prefilled = transcript(envelope([{ input_messages: [{ role: "user", parts: [] }, { role: "assistant", parts: [text("{")] }] }])).conversations[0];
    expect([prefilled?.history.length, prefilled?.fresh.length]).toEqual([1, 1]);
  });

  it("pair tool calls with results, over messages and spans", () => {
    const { pairs } = transcript(envelope([
      {
        kind: "inference",
        input_messages: [
          { role: "assistant", parts: [{ type: "tool_call", id: "t", name: "look", arguments: '{"a":1}' }] },
          { role: "tool", parts: [{ type: "tool_call_response", id: "t", result: '{"b":2}' }] },
        ],
        output_messages: [{ role: "assistant", parts: [{ type: "tool_call", id: "u", name: "go" }] }],
      },
      { kind: "tool", tool: { call_id: "u", name: "go", result: "done" }, duration_ns: 5 },
    ]));
    expect(pairs.get("t")).toMatchObject({ name: "look", arguments: { a: 1 }, response: { b: 2 }, asked: "m-0-in-0", answered: "m-0-in-1" });
    expect(pairs.get("u")).toMatchObject({ name: "go", asked: "m-0-out-0", ran: { duration_ns: 5 } });
    expect(pairs.get("u")?.answered).toBeUndefined();
  });

  it("survive what is no message", () => {
    for (const odd of [null, 5, "x", {}, [null], ["x"], [{}], [{ role: 5, parts: "x" }], [{ role: "user", parts: [null, 5, {}] }]]) {
      expect(() => transcript(envelope([{ input_messages: odd, output_messages: odd, system_instructions: odd, tool_definitions: odd, tool: odd }]))).not.toThrow();
    }
    expect(transcript(envelope("x")).conversations).toEqual([]);
  });

  it("count what the server hides", () => {
    const { conversations } = transcript(envelope([{ input_messages: { hidden_bytes: 70 }, output_messages: { hidden_bytes: 30 } }]));
    expect(conversations[0]?.hiddenBytes).toBe(100);
  });

  it("know the size of what is in base64", () => {
    expect([blobBytes(btoa("")), blobBytes(btoa("a")), blobBytes(btoa("ab")), blobBytes(btoa("abc"))]).toEqual([0, 1, 2, 3]);
  });
});

describe("timelines", () => {
  const events = [
    { seq: 2, name: "first", time: at(1), observed_time: at(3) },
    { seq: 1, name: "second", time: at(2), late: true },
    { seq: 3, name: "third", time: at(2) },
  ];
  const calls: Call[] = [{ name: "chat", started_at: at(0), ended_at: at(2) }];

  it("show logical order with calls around it", () => {
    const moments = timeline(envelope(calls, { events, started_at: at(0) }), "logical");
    expect(moments.map((m) => m.event?.name ?? (m.call?.begins ? "begins" : "ends"))).toEqual(["begins", "first", "second", "third", "ends"]);
    expect(moments.map((m) => m.arrival)).toEqual([undefined, 2, 1, 3, undefined]);
    expect(moments.map((m) => m.moved)).toEqual([false, true, true, false, false]);
    expect(moments.map((m) => m.sinceStart)).toEqual([0, 1e9, 2e9, 2e9, 2e9]);
    expect(moments[1]?.sinceBefore).toBe(1e9);
    expect(moments[1]?.observedAfter).toBe(2e9);
  });

  it("show order of arrival, with steps back in time", () => {
    const moments = timeline(envelope(calls, { events, started_at: at(0) }), "arrival");
    expect(moments.map((m) => m.event?.name)).toEqual(["second", "first", "third"]);
    expect(moments.map((m) => m.logical)).toEqual([2, 1, 3]);
    expect(moments[1]?.sinceBefore).toBe(-1e9);
  });

  it("do without times", () => {
    const moments = timeline(envelope([], { events: [{ seq: 1, name: "x" }] }), "logical");
    expect(moments[0]).toMatchObject({ logical: 1, arrival: 1, sinceStart: undefined });
  });
});

describe("waterfalls", () => {
  it("put calls below those that made them, in their time", () => {
    const { bars, total } = waterfall(envelope([
      { span_id: "a", name: "agent", started_at: at(0), ended_at: at(10) },
      { span_id: "c", parent_span_id: "b", name: "tool", started_at: at(5), ended_at: at(6) },
      { span_id: "b", parent_span_id: "a", name: "chat", started_at: at(2), ended_at: at(7), time_to_first_chunk_ns: 1e9 },
      { name: "unknown" },
    ]));
    expect(total).toBe(10e9);
    expect(bars.map((b) => [b.call.name, b.depth, b.from, b.length])).toEqual([
      ["agent", 0, 0, 1], ["chat", 1, 0.2, 0.5], ["tool", 2, 0.5, 0.1], ["unknown", 0, 0, 0],
    ]);
    expect(bars[1]?.firstChunk).toBeCloseTo(0.3);
    expect(bars[3]?.timed).toBe(false);
  });

  it("draw each call once, circles too", () => {
    const { bars } = waterfall(envelope([{ span_id: "a", parent_span_id: "b" }, { span_id: "b", parent_span_id: "a" }, { span_id: "c", parent_span_id: "c" }]));
    expect(bars.map((b) => b.call.span_id).sort()).toEqual(["a", "b", "c"]);
  });

  it("look at each of very many children a few times, and go to any depth", () => {
    const n = 3000;
    const children = Array.from({ length: n }, (_, i) => ({ span_id: `c${i}`, parent_span_id: "a" }));
    const values = Array.prototype[Symbol.iterator];
    let looks = 0;
    Array.prototype[Symbol.iterator] = function* (this: unknown[]) {
      for (let i = 0; i < this.length; i++) {
        looks++;
        yield this[i];
      }
      return undefined;
    } as typeof values;
    let wide;
    try {
      wide = waterfall(envelope([{ span_id: "a" }, ...children]));
    } finally {
      Array.prototype[Symbol.iterator] = values;
    }
    expect(wide.bars.map((b) => b.call.span_id)).toEqual(["a", ...children.map((c) => c.span_id)]);
    expect(looks).toBeLessThan(10 * n);
    const chain = Array.from({ length: 20_000 }, (_, i) => ({ span_id: `d${i}`, parent_span_id: `d${i - 1}` }));
    expect(waterfall(envelope(chain)).bars.at(-1)).toMatchObject({ call: { span_id: "d19999" }, depth: 19_999 });
  });
});
