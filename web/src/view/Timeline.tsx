import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import type { Snapshot } from "../api/types";
import { timeline, type Moment, type TimelineOrder } from "../model/timeline";
import { count, duration, plural } from "../text/format";
import { oneLine } from "../text/visible";
import { JsonTree } from "./JsonTree";
import { useVirtual } from "./useVirtual";

export function Timeline({ envelope }: { envelope: Snapshot }): JSX.Element {
  const [order, setOrder] = useState<TimelineOrder>("logical");
  const moments = useMemo(() => timeline(envelope, order), [envelope, order]);
  return (
    <div class="timeline">
      <HowGathered envelope={envelope} />
      <div class="modes" role="group" aria-label="Order of events">
        <Choice on={order === "logical"} text="In time" choose={() => setOrder("logical")} />
        <Choice on={order === "arrival"} text="As they arrived" choose={() => setOrder("arrival")} />
      </div>
      {moments.length === 0 ? <p class="note">No events: what is known of this request came with its span.</p> : <Moments moments={moments} />}
    </div>
  );
}

function Choice({ on, text, choose }: { on: boolean; text: string; choose: () => void }): JSX.Element {
  return <button type="button" class={`toggle${on ? " on" : ""}`} aria-pressed={on} onClick={choose}>{text}</button>;
}

const keySources: Record<string, string> = {
  span: "by the span that the telemetry names",
  trace: "by the trace it belongs to",
  response_id: "by the response id of the provider",
};

const flushReasons: Record<string, string> = {
  span_end: "its span came", end_event: "its end event came", ttl: "nothing came any more (ttl)", max_age: "it was open for too long (max_age)",
  size: "it grew too large", evicted: "there were too many others", late: "more came late", shutdown: "the collector stopped", recovered: "it was found after a crash",
};

function HowGathered({ envelope: e }: { envelope: Snapshot }): JSX.Element {
  const counts = e.counts;
  const source = e.key_source ?? "";
  const found = source.startsWith("attribute:") ? `by the attribute ${source.slice("attribute:".length)}` : (keySources[source] ?? source);
  return (
    <dl class="gathered">
      <div><dt>Found</dt><dd>{found} <code>{oneLine(source, 80)}</code></dd></div>
      <div>
        <dt>Left</dt>
        <dd>{e.flush_reason ? <>because {flushReasons[e.flush_reason] ?? e.flush_reason} <code>{e.flush_reason}</code></> : e.state === "open" ? "not yet: it goes on" : "not yet: late events are waited for"}</dd>
      </div>
      <div><dt>Part</dt><dd>{e.part ?? 1}{e.complete ? ", complete" : ", not complete"}</dd></div>
      {counts && (
        <div>
          <dt>Seen</dt>
          <dd>
            {plural(counts.events, "event")}, {plural(counts.calls, "call")}
            {counts.late > 0 && <b class="mark warn"> {counts.late} late</b>}
            {counts.truncated > 0 && <b class="mark warn"> {counts.truncated} truncated</b>}
            {counts.dropped > 0 && <b class="mark bad"> {counts.dropped} dropped</b>}
          </dd>
        </div>
      )}
      {e.related_request_id && <div><dt>The same as</dt><dd><code>{oneLine(e.related_request_id)}</code></dd></div>}
    </dl>
  );
}

function Moments({ moments }: { moments: readonly Moment[] }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [open, setOpen] = useState<ReadonlySet<string>>(new Set());
  const virtual = useVirtual({
    count: moments.length,
    getScrollElement: () => place.current,
    estimateSize: () => 30,
    getItemKey: (n) => moments[n]?.key ?? n,
    useAnimationFrameWithResizeObserver: true,
  });
  const toggle = (key: string): void => {
    const next = new Set(open);
    if (!next.delete(key)) next.add(key);
    setOpen(next);
  };
  return (
    <div class="moments" ref={place} role="table" aria-label="Events" aria-rowcount={moments.length + 1} tabIndex={0}>
      <div class="moment head" role="row" aria-rowindex={1}>
        <span role="columnheader" title="Place in time">#</span>
        <span role="columnheader" title="Place in order of arrival">Arrived</span>
        <span role="columnheader" class="num" title="Since the request began">At</span>
        <span role="columnheader" class="num" title="Since the line before">+</span>
        <span role="columnheader">Source</span>
        <span role="columnheader">Event</span>
      </div>
      <div class="rows" role="rowgroup" style={{ height: `${virtual.getTotalSize()}px` }}>
        {virtual.getVirtualItems().map((item) => {
          const moment = moments[item.index];
          return moment && (
            <div key={moment.key} class="moment-place" data-index={item.index} ref={virtual.measureElement} role="presentation" style={{ transform: `translateY(${item.start}px)` }}>
              <MomentRow moment={moment} index={item.index} open={open.has(moment.key)} toggle={() => toggle(moment.key)} />
            </div>
          );
        })}
      </div>
    </div>
  );
}

interface MomentProps {
  moment: Moment;
  index: number;
  open: boolean;
  toggle: () => void;
}

function MomentRow({ moment: m, index, open, toggle }: MomentProps): JSX.Element {
  const { event, call } = m;
  const name = event?.name ?? (call ? `${call.call.name ?? call.call.operation ?? "call"} ${call.begins ? "begins" : "ends"}` : "");
  return (
    <>
      <div class={`moment${call ? " edge" : ""}`} role="row" aria-rowindex={index + 2}>
        <span role="cell" class="num">{m.logical ?? ""}</span>
        <span role="cell" class={`num${m.moved && event ? " moved" : ""}`} title={m.moved && event ? "It arrived out of order" : undefined}>{m.arrival ?? ""}</span>
        <span role="cell" class="num">{signed(m.sinceStart)}</span>
        <span role="cell" class="num muted">{index === 0 ? "" : signed(m.sinceBefore)}</span>
        <span role="cell">{event ? <Source source={event.source} /> : <span class="badge badge-span">span</span>}</span>
        <span role="cell" class="moment-name">
          {event
            ? <button type="button" class="quiet" aria-expanded={open} onClick={toggle}><span class="twist" aria-hidden="true" /><bdi>{oneLine(name)}</bdi></button>
            : <bdi>{oneLine(name)}</bdi>}
          {event?.late && <b class="mark warn" title="It came after the request had left for the first time">late</b>}
          {event?.truncated && <b class="mark warn" title="Something of it was cut off">truncated</b>}
          {event?.severity && !/^(INFO|TRACE|DEBUG)/.test(event.severity) && <b class="mark bad">{oneLine(event.severity, 20)}</b>}
          {call && !call.begins && call.call.status === "error" && <b class="mark bad">error</b>}
          {m.observedAfter !== undefined && Math.abs(m.observedAfter) > 1e6 && <span class="muted">observed {signed(m.observedAfter)} later</span>}
        </span>
      </div>
      {open && event && (
        <div class="moment-body" role="row">
          <div role="cell" aria-colspan={6}><JsonTree value={{ ...event }} open={2} /></div>
        </div>
      )}
    </>
  );
}

function Source({ source }: { source: string | undefined }): JSX.Element {
  const text = source === "span_event" ? "span event" : (source ?? "");
  return <span class={`badge badge-${source === "log" ? "log" : "span-event"}`}>{text}</span>;
}

function signed(ns: number | undefined): string {
  if (ns === undefined) return "";
  if (Math.abs(ns) < 1000) return "0";
  return ns < 0 ? `−${duration(-ns)}` : duration(ns);
}

export const eventCount = (envelope: Snapshot): string => count(envelope.events?.length ?? 0);
