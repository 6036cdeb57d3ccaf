/** Durations as people say them: 0.4 ms, 320 ms, 1.24 s, 2 m 05 s, 3 h 12 m. */
export function duration(ns: number | undefined): string {
  if (ns === undefined || !Number.isFinite(ns)) return "";
  const ms = ns / 1e6;
  if (ms < 10) return `${trim(ms, ms < 1 ? 2 : 1)} ms`;
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  const s = ms / 1000;
  if (s < 59.95) return `${trim(s, s < 10 ? 2 : 1)} s`;
  const whole = Math.round(s);
  if (whole < 3600) return `${Math.floor(whole / 60)} m ${pad(whole % 60)} s`;
  return `${Math.floor(whole / 3600)} h ${pad(Math.floor((whole % 3600) / 60))} m`;
}

function trim(value: number, digits: number): string {
  return value.toFixed(digits).replace(/(\.\d*?)0+$/, "$1").replace(/\.$/, "");
}

const pad = (n: number, to = 2): string => String(n).padStart(to, "0");

/** Sizes in bytes: 812 B, 4.2 KB, 5 MB. */
export function bytes(n: number): string {
  if (n < 1000) return `${n} B`;
  if (n < 999_500) return `${trim(n / 1000, n < 9950 ? 1 : 0)} KB`;
  return `${trim(n / 1e6, n < 9_950_000 ? 1 : 0)} MB`;
}

/** Counts with thin groups: 12 345. */
export function count(n: number | undefined): string {
  if (n === undefined) return "";
  return grouped.format(n).replaceAll(",", "\u202f");
}

const grouped = new Intl.NumberFormat("en-US");

/** 14:03:22.187 by this machine's clock and time zone. */
export function clock(ms: number): string {
  const d = new Date(ms);
  if (Number.isNaN(d.getTime())) return "";
  return `${pad(d.getHours())}:${pad(d.getMinutes())}:${pad(d.getSeconds())}.${pad(d.getMilliseconds(), 3)}`;
}

/** 2026-11-21 14:03:22.187 by this machine's clock and time zone. */
export function dateTime(ms: number): string {
  const d = new Date(ms);
  if (Number.isNaN(d.getTime())) return "";
  return `${d.getFullYear()}-${pad(d.getMonth() + 1)}-${pad(d.getDate())} ${clock(ms)}`;
}

/** Nanoseconds between two RFC 3339 times; undefined when one of them is none. */
export function between(from: string | undefined, to: string | undefined): number | undefined {
  const a = nanoseconds(from);
  const b = nanoseconds(to);
  return a === undefined || b === undefined ? undefined : Number(b - a);
}

/** Nanoseconds since the epoch. */
export function nanoseconds(time: string | undefined): bigint | undefined {
  const match = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?Z$/.exec(time ?? "");
  if (!match?.[1]) return undefined;
  const seconds = Date.parse(`${match[1]}Z`);
  if (Number.isNaN(seconds)) return undefined;
  return BigInt(seconds) * 1_000_000n + BigInt((match[2] ?? "").padEnd(9, "0"));
}

const encoder = new TextEncoder();

/** The size of a text in UTF-8. */
export function textBytes(text: string): number {
  // Encoding megabytes for a label is not worth it.
  return text.length > 1 << 20 ? text.length : encoder.encode(text).length;
}

export function plural(n: number, one: string, many = `${one}s`): string {
  return `${count(n)} ${n === 1 ? one : many}`;
}
