import { describe, expect, it } from "vitest";
import { between, bytes, clock, count, duration, nanoseconds } from "../../src/text/format";
import { oneLine, visible } from "../../src/text/visible";
import { tokenLine } from "../../src/text/tokens";

describe("numbers as people say them", () => {
  it.each([
    [undefined, ""], [0, "0 ms"], [400_000, "0.4 ms"], [4_237_000, "4.2 ms"], [10e6, "10 ms"], [1e6, "1 ms"], [20e9, "20 s"], [300e6, "300 ms"], [320.4e6, "320 ms"], [999.7e6, "1 s"],
    [1.234e9, "1.23 s"], [12.34e9, "12.3 s"], [59.94e9, "59.9 s"], [59.96e9, "1 m 00 s"], [125e9, "2 m 05 s"], [3600e9, "1 h 00 m"], [11_520e9, "3 h 12 m"],
  ])("%s ns: %s", (ns, said) => expect(duration(ns)).toBe(said));

  it.each([[0, "0 B"], [999, "999 B"], [1000, "1 KB"], [4210, "4.2 KB"], [42_100, "42 KB"], [100_000, "100 KB"], [10_000_000, "10 MB"], [5_060_000, "5.1 MB"], [5_000_000, "5 MB"], [12_600_000, "13 MB"]])(
    "%s bytes: %s", (n, said) => expect(bytes(n)).toBe(said));

  it("groups counts", () => {
    expect(count(1234567)).toBe("1\u202f234\u202f567");
    expect(count(undefined)).toBe("");
  });

  it("reads times to the nanosecond", () => {
    expect(nanoseconds("2026-01-01T00:00:00.123456789Z")! % 1_000_000_000n).toBe(123456789n);
    expect(between("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000000001Z")).toBe(1);
    expect(nanoseconds("yesterday")).toBeUndefined();
    expect(clock(Number.NaN)).toBe("");
  });
});

describe("characters that would change the text around them", () => {
  it("are made visible", () => {
    expect(visible("a\u001b[31mred\u0007")).toBe("a␛[31mred␇");
    expect(visible("invoice\u202egpj.exe")).toBe("invoice⟨U+202E⟩gpj.exe");
    expect(visible("\u2066x\u2069\u009b")).toBe("⟨U+2066⟩x⟨U+2069⟩⟨U+009B⟩");
    expect(visible("two\nlines\tstay, and so does שלום\u200f")).toBe("two\nlines\tstay, and so does שלום\u200f");
  });

  it("break no line", () => {
    expect(oneLine("a\r\nb\u2028c\td")).toBe("a⏎b⏎c d");
    expect(oneLine("x".repeat(500))).toHaveLength(301);
  });
});

describe("tokens", () => {
  it.each([
    [undefined, ""], [{}, ""],
    [{ input_tokens: 1200, output_tokens: 0 }, "1\u202f200 in · 0 out"],
    [{ input_tokens: 9, cache_read_input_tokens: 5, cache_write_input_tokens: 3, output_tokens: 7, reasoning_output_tokens: 6 },
      "9 in (5 read from cache, 3 written to cache) · 7 out (6 for reasoning)"],
    [{ cache_write_input_tokens: 0 }, "? in (0 written to cache)"], [{ reasoning_output_tokens: 6 }, "? out (6 for reasoning)"],
  ])("%j: %s", (usage, line) => expect(tokenLine(usage)).toBe(line));
});
