import type { JSX } from "preact";
import { everything, isFiltered, isLocal } from "../model/filter";
import { duration, plural } from "../text/format";
import { filter, go } from "../app/location";
import { cleared, connection, known, loaded, older, serverConfig } from "../app/session";
import { Setting } from "./Copy";
import { captureHints, sendHints } from "./hints";

/** What stands where rows would. */
export function NoRows(): JSX.Element | null {
  if (!loaded.value) {
    if (connection.value.kind !== "connecting" && connection.value.kind !== "live") return null;
    return <div class="skeleton" aria-hidden="true">{Array.from({ length: 8 }, (_, n) => <span key={n} />)}</div>;
  }
  if (isFiltered(filter.value)) return <NothingFits />;
  return cleared.value ? <Cleared /> : <NothingYet />;
}

function NothingFits(): JSX.Element {
  const searched = isLocal(filter.value) && known.value > 0 ? ` ${plural(known.value, "request")} looked at.` : "";
  return (
    <div class="empty">
      <h2>Nothing fits</h2>
      <p>{older.value.busy ? "Looking through older requests…" : `No request fits the filter so far.${searched} New ones that do will appear here.`}</p>
      {filter.value.q && serverConfig.value?.content === "hide" && <p><b>This server hides content, so that no text can be found in it.</b></p>}
      {filter.value.q && <p class="muted">Text is searched as you write it, in upper or lower case, in the content of requests.</p>}
      <button type="button" onClick={() => go({ filter: everything })}>Show everything</button>
    </div>
  );
}

function Cleared(): JSX.Element {
  return (
    <div class="empty">
      <h2>Cleared</h2>
      <p>New requests will appear here. The server still has those from before: load this page anew to see them. {retained()}</p>
    </div>
  );
}

function NothingYet(): JSX.Element {
  return (
    <div class="empty">
      <h2>No requests yet</h2>
      <p>This page is connected, and LLM requests appear here the moment their telemetry reaches the collector.</p>
      <h3>Send telemetry here</h3>
      <ul class="hints">
        {sendHints.map((h) => <li key={h.set}><span>{h.what}</span><Setting text={h.set} /></li>)}
      </ul>
      <CaptureHints />
      <p class="muted">
        In the collector's configuration, <code>gen_ai_buffer</code> has to be in the pipelines of traces and logs, with
        {" "}<code>live: gen_ai_live</code>. {retained()}
      </p>
    </div>
  );
}

function retained(): string {
  const config = serverConfig.value;
  if (!config) return "";
  return `The server keeps finished requests for ${duration(config.retention_ns)}.`;
}

export function CaptureHints(): JSX.Element {
  return (
    <>
      <h3>Switch content capture on</h3>
      <p>Most instrumentations leave prompts and answers out until they are told otherwise. Set it where your application runs:</p>
      <ul class="hints">
        {captureHints.map((h) => <li key={h.who}><span>{h.who}</span><Setting text={h.set} /></li>)}
      </ul>
    </>
  );
}
