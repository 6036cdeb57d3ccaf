import type { JSX } from "preact";
import { useMemo, useState } from "preact/hooks";
import type { Call, Snapshot } from "../api/types";
import { waterfall, type Bar } from "../model/waterfall";
import { count, duration } from "../text/format";
import { tokenLine } from "../text/tokens";
import { oneLine } from "../text/visible";
import { JsonTree } from "./JsonTree";

const most = 500;

/** The calls of a request, one below the other in the time that they took. */
export function Calls({ envelope }: { envelope: Snapshot }): JSX.Element {
  const { bars, total: lasts } = useMemo(() => waterfall(envelope), [envelope]);
  const total = tokenLine(envelope.usage);
  if (bars.length === 0) return <p class="note">No span of this request has come yet.</p>;
  return (
    <div class="calls">
      <div class="scale" aria-hidden="true"><span>0</span><span>{duration(lasts / 2)}</span><span>{duration(lasts)}</span></div>
      <ol class="waterfall" aria-label="Calls">
        {bars.slice(0, most).map((bar, n) => <BarRow key={bar.call.span_id ?? n} bar={bar} />)}
      </ol>
      {total !== "" && <p class="bar-total"><b>Tokens of the request</b> {total}</p>}
      {bars.length > most && <p class="note">{count(bars.length - most)} more calls are in the raw envelope.</p>}
    </div>
  );
}

function BarRow({ bar }: { bar: Bar }): JSX.Element {
  const [open, setOpen] = useState(false);
  const { call } = bar;
  const indent = `${Math.min(bar.depth, 12) * 14}px`;
  const tokens = tokenLine(call.usage);
  return (
    <li class={`bar-row kind-${call.kind ?? "other"}`}>
      <button type="button" class="bar-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <span class="bar-name" style={{ paddingInlineStart: indent }}>
          <span class="twist" aria-hidden="true" />
          <span class={`badge badge-${call.kind ?? "other"}`}>{call.kind ?? "other"}</span>
          <bdi>{oneLine(call.name ?? call.operation ?? call.span_id ?? "call", 120)}</bdi>
          {call.status === "error" && <b class="mark bad">error</b>}
        </span>
        <span class="bar-track">
          {bar.timed && (
            <span
              class={`bar${call.status === "error" ? " bar-error" : ""}`}
              style={{ insetInlineStart: `${bar.from * 100}%`, width: `max(3px, ${bar.length * 100}%)` }}
            />
          )}
          {bar.firstChunk !== undefined && <span class="bar-chunk" title="First chunk" style={{ insetInlineStart: `${bar.firstChunk * 100}%` }} />}
        </span>
        <span class="num bar-time">{call.duration_ns === undefined ? (bar.timed ? "" : "no span") : duration(call.duration_ns)}</span>
        {tokens !== "" && <span class="bar-tokens" style={{ paddingInlineStart: indent }}>{tokens}</span>}
      </button>
      {open && <CallFacts call={call} />}
    </li>
  );
}

function CallFacts({ call }: { call: Call }): JSX.Element {
  const { system_instructions: _s, input_messages: _i, output_messages: _o, tool_definitions: _t, ...facts } = call;
  return <div class="call-facts"><JsonTree value={facts} open={2} /></div>;
}
