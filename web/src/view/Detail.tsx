import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { root } from "../api/client";
import { segment } from "../api/mount";
import type { Snapshot } from "../api/types";
import { copy } from "../app/announce";
import { detail, openRequest } from "../app/detail";
import { filter, go, href, permalink, route, views, type Route, type View } from "../app/location";
import { current, position, step } from "../app/selection";
import { now, older, rowById, serverConfig, shown } from "../app/session";
import { failureMessage, failureType } from "../model/failure";
import { withValue, type ServerKey } from "../model/filter";
import { outcome, primaryCall, rowKey, rowOf } from "../model/rows";
import { traceLink } from "../model/trace";
import { clock, count, dateTime, duration } from "../text/format";
import { ofInput, ofOutput } from "../text/tokens";
import { oneLine, visible } from "../text/visible";
import { Boundary } from "./Boundary";
import { Calls } from "./Calls";
import { CopyButton } from "./Copy";
import { Icon, type IconName } from "./icons";
import { JsonTree } from "./JsonTree";
import { StatePill } from "./State";
import { eventCount, Timeline } from "./Timeline";
import { ModeSwitch, Transcript } from "./Transcript";

export function closeDetail(): void {
  go({ id: null, view: "transcript" });
  document.getElementById("requests")?.focus();
}

export function DetailPane(): JSX.Element | null {
  const d = detail.value;
  const { id, component } = route.value;
  const title = useRef<HTMLHeadingElement>(null);
  const scroll = useRef<HTMLDivElement>(null);
  useEffect(() => {
    if (id === null) return;
    // Another request may take this one's place while somebody writes elsewhere.
    if (!(document.activeElement instanceof HTMLInputElement)) title.current?.focus({ preventScroll: true });
    scroll.current?.scrollTo({ top: 0 });
    const row = rowById(id, component);
    if (row && (component !== null || !current.peek()?.endsWith(`\u0000${id}`))) current.value = row.key;
  }, [id, component]);
  if (id === null) return null;
  const envelope = d?.id === id ? d.envelope : null;
  const problem = d?.id === id ? d.problem : null;
  return (
    <section class="detail" aria-label="Request" id="detail">
      <Head id={id} envelope={envelope} title={title} />
      {problem && <Problem status={problem.status} message={problem.message} stale={envelope !== null} />}
      {envelope && <Views envelope={envelope} />}
      <div class="detail-scroll" ref={scroll}>
        {envelope ? <Boundary of={envelope}><Body envelope={envelope} view={route.value.view} /></Boundary> : !problem && <p class="note">Loading…</p>}
      </div>
    </section>
  );
}

function Body({ envelope, view }: { envelope: Snapshot; view: View }): JSX.Element {
  // A request's folds and places are its own.
  const key = rowKey(envelope.processor, envelope.request_id);
  switch (view) {
    case "transcript":
      return <Transcript key={key} envelope={envelope} />;
    case "timeline":
      return <Timeline key={key} envelope={envelope} />;
    case "calls":
      return <Calls key={key} envelope={envelope} />;
    case "raw":
      return (
        <div class="raw" key={key}>
          <CopyButton text={() => JSON.stringify(envelope, null, 2)} what="JSON" label="Copy JSON" />
          <JsonTree value={envelope} open={2} />
        </div>
      );
  }
}

const names: Record<View, string> = { transcript: "Transcript", timeline: "Timeline", calls: "Calls", raw: "Raw" };

function Views({ envelope }: { envelope: Snapshot }): JSX.Element {
  const counts: Partial<Record<View, string>> = { timeline: eventCount(envelope), calls: count(envelope.calls?.length ?? 0) };
  return (
    <div class="views">
      <nav aria-label="Views of the request">
        {views.map((view, n) => (
        <a
          key={view} href={href({ view })} aria-current={route.value.view === view ? "page" : undefined} title={`${names[view]} (${n + 1})`}
          onClick={(e) => {
            if (e.metaKey || e.ctrlKey || e.shiftKey) return;
            e.preventDefault();
            go({ view }, "replace");
          }}
        >
          {names[view]}{counts[view] !== undefined && <span class="muted"> {counts[view]}</span>}
        </a>
      ))}
      </nav>
      {route.value.view === "transcript" && <ModeSwitch />}
    </div>
  );
}

function Problem({ status, message, stale }: { status: number; message: string; stale: boolean }): JSX.Element {
  const kept = serverConfig.value ? ` The server keeps finished requests for ${duration(serverConfig.value.retention_ns)}.` : "";
  const said =
    status === 404 ? `The server does not know this request: it was restarted, or the address is not right.`
    : status === 410 ? `The server has this request no more.${kept} The envelope itself is where the collector sends it.`
    : message;
  return <div class={`banner banner-${stale ? "warn" : "error"}`} role="alert"><p>{said}{stale ? " What is shown is the last that was seen." : ""}</p></div>;
}

interface HeadProps {
  id: string;
  envelope: Snapshot | null;
  title: { current: HTMLHeadingElement | null };
}

function Head({ id, envelope, title }: HeadProps): JSX.Element {
  const row = envelope ? rowOf(envelope, Date.now()) : rowById(id, route.value.component);
  const call = envelope ? primaryCall(envelope) : undefined;
  const name = row?.model ?? row?.responseModel ?? call?.tool?.name ?? call?.name ?? row?.operation ?? row?.kind;
  return (
    <header class="detail-head">
      <div class="detail-line">
        {row && <StatePill state={outcome(row)} />}
        <h2 ref={title} tabIndex={-1} title={id}><bdi>{oneLine(name ?? id, 120)}</bdi></h2>
        <Actions envelope={envelope} />
      </div>
      {envelope && <Figures envelope={envelope} />}
      {envelope?.error && (
        <p class="failure" role="note">
          <Icon name="error" /><span><b>{oneLine(failureType(envelope.error) || "error")}</b> {visible(failureMessage(envelope.error).slice(0, 2000))}</span>
        </p>
      )}
    </header>
  );
}

function Actions({ envelope }: { envelope: Snapshot | null }): JSX.Element {
  const at = position();
  const { more } = older.value;
  const link = traceLink(serverConfig.value?.trace_url, envelope);
  return (
    <div class="actions" role="toolbar" aria-label="Request">
      <Action icon="up" text="Newer request (k)" off={at === 0 || (at < 0 && !more)} act={() => void step(-1)} />
      <Action icon="down" text="Older request (j)" off={(at < 0 || at >= shown.value.length - 1) && !more} act={() => void step(1)} />
      <Action icon="link" text="Copy permalink (y)" act={() => void copy(permalink(openRequest()), "Permalink")} />
      <button type="button" class="quiet text" onClick={() => void copy(JSON.stringify(envelope, null, 2), "JSON")} disabled={!envelope} title="Copy the envelope as JSON">JSON</button>
      <button type="button" class="quiet text" onClick={() => void copy(curl(openRequest()), "curl command")} title="Copy a curl command that gets it">curl</button>
      {link && (
        <a class="button quiet text" href={link} target="_blank" rel="noopener noreferrer" id="trace-link" title="Open the trace (o)"><Icon name="out" />Trace</a>
      )}
      <Action icon="close" text="Close (Esc)" act={closeDetail} />
    </div>
  );
}

function Action({ icon, text, act, off = false }: { icon: IconName; text: string; act: () => void; off?: boolean }): JSX.Element {
  return <button type="button" class="quiet" aria-label={text} title={text} disabled={off} onClick={act}><Icon name={icon} /></button>;
}

/** A command that gets the envelope; it names no credential. */
export function curl({ id, component }: Pick<Route, "id" | "component">): string {
  const header = serverConfig.peek()?.authentication ? ` -H "Authorization: $AUTHORIZATION"` : "";
  const url = new URL(`api/v1/requests/${segment(id ?? "")}`, root);
  if (component !== null) url.searchParams.set("processor", component);
  return `curl -sS${header} '${url.href}'`;
}

function Figures({ envelope: e }: { envelope: Snapshot }): JSX.Element {
  const row = rowOf(e, Date.now());
  const open = e.state === "open";
  const elapsed = open ? Math.max(0, now.value - row.startedAt) * 1e6 : undefined;
  const usage = e.usage;
  return (
    <dl class="figures">
      <Figure name="Began" value={began(row.startedAt)} />
      <Figure name={open ? "Going on for" : "Duration"} value={row.durationNs === undefined ? duration(elapsed && Math.round(elapsed / 1e9) * 1e9) : duration(row.durationNs)} />
      <Figure name="First chunk" value={duration(row.firstChunkNs)} />
      <Figure name="Tokens" value={usage ? `${count(usage.input_tokens) || "?"} in · ${count(usage.output_tokens) || "?"} out` : ""} hint={usage && [...ofInput(usage), ...ofOutput(usage)].join(", ")} />
      <Figure name="Finish" value={(row.finishReasons ?? []).map(String).join(", ")} />
      <Link name="Service" filterBy="service" value={e.service} />
      <Link name="Provider" filterBy="provider" value={row.provider} />
      <Figure name="Operation" value={row.operation ?? row.kind ?? ""} />
      <Link name="Conversation" filterBy="conversation_id" value={e.conversation_id} />
      <Link name="Trace" filterBy="trace_id" value={e.trace_id} short />
      {!e.request_id.startsWith(e.trace_id ?? " ") && <Figure name="Request" value={e.request_id} />}
    </dl>
  );
}

/** The time alone for what began today. */
function began(ms: number): string {
  return new Date(ms).toDateString() === new Date().toDateString() ? clock(ms) : dateTime(ms);
}

function Figure({ name, value, hint }: { name: string; value: string; hint?: string | undefined }): JSX.Element | null {
  if (!value) return null;
  return <div class={`figure-${name.toLowerCase().replace(" ", "-")}`} title={hint || undefined}><dt>{name}</dt><dd><bdi>{oneLine(value, 200)}</bdi>{hint && <span class="muted hint"> {hint}</span>}</dd></div>;
}

/** A fact that other requests may share: a click shows those. */
function Link({ name, filterBy, value, short }: { name: string; filterBy: ServerKey; value: string | undefined; short?: boolean }): JSX.Element | null {
  if (!value) return null;
  const next = withValue(filter.value, filterBy, value);
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        <a
          class="fact" href={href({ id: null, filter: next })} title={`Requests with the same ${name.toLowerCase()}: ${oneLine(value)}`}
          onClick={(e) => {
            if (e.metaKey || e.ctrlKey || e.shiftKey) return;
            e.preventDefault();
            // Where there is no room for both, the request would hide them.
            go(matchMedia("(max-width: 700px)").matches ? { id: null, view: "transcript", filter: next } : { filter: next });
          }}
        >
          <bdi>{oneLine(value, short ? 12 : 40)}</bdi>
        </a>
      </dd>
    </div>
  );
}
