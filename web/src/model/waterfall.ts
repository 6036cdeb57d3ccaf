import type { Call, Snapshot } from "../api/types";
import { nanoseconds } from "../text/format";
import { list } from "./rows";

/** One bar: fractions of the whole time, from 0 to 1. */
export interface Bar {
  readonly call: Call;
  readonly depth: number;
  readonly from: number;
  readonly length: number;
  /** Where the first chunk came. */
  readonly firstChunk?: number;
  readonly timed: boolean;
}

export interface Waterfall {
  readonly bars: readonly Bar[];
  /** Nanoseconds from the first start to the last end. */
  readonly total: number;
}

/** Calls below the calls that made them, each in order of start. */
export function waterfall(envelope: Snapshot): Waterfall {
  const calls = list<Call>(envelope.calls);
  const starts = calls.map((c) => nanoseconds(c.started_at));
  const ends = calls.map((c, n) => nanoseconds(c.ended_at) ?? starts[n]);
  const first = least(starts);
  const last = least(ends, -1n);
  const total = first === undefined || last === undefined ? 0 : Number(last - first);
  const known = new Set(calls.map((c) => c.span_id).filter(Boolean));
  const below = new Map<string, number[]>();
  calls.forEach((call, n) => {
    const parent = call.parent_span_id && call.parent_span_id !== call.span_id && known.has(call.parent_span_id) ? call.parent_span_id : "";
    const siblings = below.get(parent);
    if (siblings) siblings.push(n);
    else below.set(parent, [n]);
  });
  const bars: Bar[] = [];
  const drawn = new Set<number>();
  const draw = (root: number): void => {
    // The next one is at the end. No recursion: a chain may be of any depth.
    const next = [{ n: root, depth: 0 }];
    for (let at = next.pop(); at; at = next.pop()) {
      const { n, depth } = at;
      const call = calls[n];
      if (!call || drawn.has(n)) continue;
      drawn.add(n);
      bars.push(bar(call, depth, starts[n], ends[n], first, total));
      const children = call.span_id ? (below.get(call.span_id) ?? []) : [];
      for (let i = children.length - 1; i >= 0; i--) next.push({ n: children[i] ?? -1, depth: depth + 1 });
    }
  };
  for (const n of below.get("") ?? []) draw(n);
  calls.forEach((_, n) => draw(n)); // circles
  return { bars, total };
}

function bar(call: Call, depth: number, start: bigint | undefined, end: bigint | undefined, first: bigint | undefined, total: number): Bar {
  if (start === undefined || end === undefined || first === undefined) return { call, depth, from: 0, length: 0, timed: false };
  const part = (ns: bigint) => (total > 0 ? Math.min(1, Math.max(0, Number(ns) / total)) : 0);
  const from = part(start - first);
  const chunk = call.time_to_first_chunk_ns;
  return {
    call, depth, from, timed: true,
    length: total > 0 ? part(end - start) : 1,
    ...(typeof chunk === "number" && total > 0 ? { firstChunk: Math.min(1, from + chunk / total) } : {}),
  };
}

/** The least, or with sign -1 the greatest. */
function least(times: readonly (bigint | undefined)[], sign = 1n): bigint | undefined {
  return times.reduce((best, t) => (t !== undefined && (best === undefined || sign * t < sign * best) ? t : best), undefined);
}
