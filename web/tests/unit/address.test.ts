import { describe, expect, it } from "vitest";
import { mountPath, segment } from "../../src/api/mount";
import { everything, fits, readFilter, serverPart, toggleState, withoutValue, withValue, writeFilter, type Filter } from "../../src/model/filter";
import { rowOf } from "../../src/model/rows";
import { traceLink } from "../../src/model/trace";

describe("where the viewer is mounted", () => {
  it.each([
    ["/assets/x.js", "/", "/"],
    ["/assets/x.js", "/r/a%2Fb", "/"],
    ["/gen-ai/assets/x.js", "/gen-ai/", "/gen-ai/"],
    ["/gen-ai/assets/x.js", "/gen-ai/r/abc", "/gen-ai/"],
    ["/r/assets/x.js", "/r/r/abc", "/r/"],
    ["/r/assets/x.js", "/r/a/b", "/"],
    ["/r/a/assets/x.js", "/r/a/b/c", "/"],
    ["/p/r/a/assets/x.js", "/p/r/a/b/c", "/p/"],
    ["/assets/assets/x.js", "/assets/", "/assets/"],
  ])("script %s, page %s: %s", (script, page, mount) => expect(mountPath(script, page)).toBe(mount));

  it("encodes ids so that they come back", () => {
    for (const id of ["a/b", `q"'<>&?#%`, "\u202e", "ü ñ", "../..", "a\\b", "(*!)"]) {
      const text = segment(id);
      expect(text).toMatch(/^[A-Za-z0-9%._~-]+$/);
      expect(decodeURIComponent(text)).toBe(id);
    }
    expect(() => segment("\ud800")).not.toThrow();
  });
});

describe("filters in the address", () => {
  const full: Filter = {
    values: { service: ["a", "b&c"], model: ["gpt-4o"], status: ["error"], conversation_id: ["x=y"] },
    q: 'say "hi" & bye', states: ["open", "error"], tools: true, minDurationMs: 1500,
  };

  it("come back as they were", () => {
    const query = new URLSearchParams();
    writeFilter(full, query);
    expect(readFilter(new URLSearchParams(query.toString()))).toEqual(full);
    const nothing = new URLSearchParams();
    writeFilter(everything, nothing);
    expect(nothing.toString()).toBe("");
    expect(readFilter(nothing)).toEqual(everything);
  });

  it("are read leniently", () => {
    expect(readFilter(new URLSearchParams("min_duration_ms=x&state=none&tools=1&service=&nonsense=1"))).toEqual(everything);
    expect(readFilter(new URLSearchParams("min_duration_ms=-5&service=a&service=a"))).toEqual({ ...everything, values: { service: ["a"] } });
  });

  it("ask the server anew only for its part", () => {
    expect(serverPart({ ...everything, tools: true, minDurationMs: 5, states: ["open"] })).toBe(serverPart(everything));
    expect(serverPart(withValue(everything, "model", "m"))).not.toBe(serverPart(everything));
    expect(serverPart({ ...everything, q: "x" })).not.toBe(serverPart(everything));
  });

  it("add and take off values", () => {
    const one = withValue(withValue(everything, "model", "a"), "model", "a");
    expect(one.values).toEqual({ model: ["a"] });
    expect(withoutValue(one, "model", "a")).toEqual(everything);
    expect(toggleState(toggleState(everything, "open"), "open")).toEqual(everything);
  });

  it("decide on rows", () => {
    const row = {
      ...rowOf({ request_id: "r", processor: "p", state: "flushed", status: "error", complete: true, duration_ns: 2e9, kind: "inference" }, 0),
      toolCalls: 0,
    };
    expect(fits(everything, row)).toBe(true);
    expect(fits({ ...everything, states: ["error"] }, row)).toBe(true);
    expect(fits({ ...everything, states: ["open", "done"] }, row)).toBe(false);
    expect(fits({ ...everything, tools: true }, row)).toBe(false);
    expect(fits({ ...everything, tools: true }, { ...row, toolCalls: 1 })).toBe(true);
    expect(fits({ ...everything, minDurationMs: 2000 }, row)).toBe(true);
    expect(fits({ ...everything, minDurationMs: 2001 }, row)).toBe(false);
    expect(fits({ ...everything, q: "x" }, row)).toBe(false);
    expect(fits({ ...everything, q: "x" }, { ...row, hit: true })).toBe(true);
    expect(fits(withValue(everything, "status", "ok"), row)).toBe(false);
    expect(fits(withValue(everything, "kind", "tool"), row)).toBe(false);
  });
});

describe("links to the trace", () => {
  const ids = { trace_id: "ab", span_id: "cd" };
  it("fill the template, and are web links only", () => {
    expect(traceLink("https://t.example/trace/{trace_id}?span={span_id}", ids)).toBe("https://t.example/trace/ab?span=cd");
    expect(traceLink("https://t.example/{trace_id}", { trace_id: "a/../b" })).toBe("https://t.example/a%2F..%2Fb");
    expect(traceLink("javascript:alert({trace_id})", ids)).toBeNull();
    expect(traceLink("https://t.example/{trace_id}", {})).toBeNull();
    expect(traceLink(undefined, ids)).toBeNull();
  });
});
