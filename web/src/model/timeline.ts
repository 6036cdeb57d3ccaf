import type { Call, EnvelopeEvent, Snapshot } from "../api/types";
import { nanoseconds } from "../text/format";
import { list } from "./rows";

/** One line of the timeline: an event, or the begin or end of a call. */
export interface Moment {
  readonly key: string;
  readonly event?: EnvelopeEvent;
  readonly call?: { call: Call; begins: boolean };
  /** Place among the events in logical order and in order of arrival, from 1. */
  readonly logical?: number;
  readonly arrival?: number;
  /** It came after another that follows it logically, or before one that precedes it. */
  readonly moved: boolean;
  readonly at: bigint | undefined;
  /** Nanoseconds from the start of the request, and from the line before. */
  readonly sinceStart: number | undefined;
  readonly sinceBefore: number | undefined;
  /** Nanoseconds from the event's time to when it was observed. */
  readonly observedAfter: number | undefined;
}

export type TimelineOrder = "logical" | "arrival";

/** The server gives events in logical order; `seq` is the order of arrival. */
export function timeline(envelope: Snapshot, order: TimelineOrder): Moment[] {
  const events = list<EnvelopeEvent>(envelope.events);
  const arrivals = new Map([...events].sort((a, b) => a.seq - b.seq).map((e, n) => [e, n + 1]));
  let moments = events.map<Draft>((event, n) => ({
    key: `e${event.seq}`, event, at: nanoseconds(event.time),
    logical: n + 1, arrival: arrivals.get(event) ?? 0,
  }));
  if (order === "arrival") moments.sort((a, b) => (a.arrival ?? 0) - (b.arrival ?? 0));
  else moments = withCalls(moments, list<Call>(envelope.calls));
  const start = nanoseconds(envelope.started_at) ?? moments.find((m) => m.at !== undefined)?.at;
  let before: bigint | undefined;
  return moments.map((m) => {
    const moment: Moment = {
      ...m,
      moved: m.logical !== m.arrival,
      sinceStart: start !== undefined && m.at !== undefined ? Number(m.at - start) : undefined,
      sinceBefore: before !== undefined && m.at !== undefined ? Number(m.at - before) : undefined,
      observedAfter: distance(m.at, nanoseconds(m.event?.observed_time)),
    };
    before = m.at ?? before;
    return moment;
  });
}

type Draft = Omit<Moment, "moved" | "sinceStart" | "sinceBefore" | "observedAfter">;

function distance(from: bigint | undefined, to: bigint | undefined): number | undefined {
  return from === undefined || to === undefined ? undefined : Number(to - from);
}

/** Begins go before and ends after events of the same time; events keep their order. */
function withCalls(events: Draft[], calls: readonly Call[]): Draft[] {
  const edges = calls
    .flatMap<Draft>((call, n) => [
      { key: `b${n}`, call: { call, begins: true }, at: nanoseconds(call.started_at) },
      { key: `x${n}`, call: { call, begins: false }, at: nanoseconds(call.ended_at) },
    ])
    .filter((edge): edge is Draft & { at: bigint } => edge.at !== undefined)
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const merged: Draft[] = [];
  let next = 0;
  for (const event of events) {
    for (let edge = edges[next]; edge && event.at !== undefined && before(edge, event.at); edge = edges[++next]) {
      merged.push(edge);
    }
    merged.push(event);
  }
  return [...merged, ...edges.slice(next)];
}

function before(edge: Draft, at: bigint): boolean {
  if (edge.at === undefined) return false;
  return edge.call?.begins ? edge.at <= at : edge.at < at;
}
