import type { ComponentChildren, JSX } from "preact";
import { connection, missed, now, retry, serverConfig, type Connection } from "../app/session";
import { go } from "../app/location";
import { everything } from "../model/filter";
import { clock, plural } from "../text/format";
import { visible } from "../text/visible";
import { Icon } from "./icons";

/** What is wrong, since when, and what is done about it. */
export function Banners(): JSX.Element {
  const c = connection.value;
  return (
    <section class="banners" aria-label="Notices">
      {c.kind === "connecting" && now.value - c.since > 5000 && (
        <Banner kind="info">
          Still connecting. Over HTTP/1.1 a browser opens six connections to one server: if many tabs show this page, close some.
        </Banner>
      )}
      {c.kind === "lost" && <Lost lost={c} />}
      {c.kind === "refused" && (
        <Banner kind="error" action={<button type="button" onClick={() => go({ filter: everything }, "replace")}>Show everything</button>}>
          <b>The server refuses what this page asks for:</b> {visible(c.detail.slice(0, 1000)) || c.status}. Change the filter.
        </Banner>
      )}
      {missed.value && <Missed />}
      {serverConfig.value?.content === "hide" && (
        <Banner kind="info">This server hides the content of messages (<code>content: hide</code>) and shows its size instead.</Banner>
      )}
    </section>
  );
}

function Lost({ lost }: { lost: Connection & { kind: "lost" } }): JSX.Element {
  const wait = lost.retryAt === null ? null : Math.max(0, Math.ceil((lost.retryAt - now.value) / 1000));
  return (
    <Banner kind="error" action={<button type="button" onClick={retry}>Try now</button>}>
      <b>{why(lost.loss)}</b> Not connected since {clock(lost.since).slice(0, 8)}.
      {" "}What is shown is as of then.{" "}
      <span aria-hidden="true">{wait === null ? "" : wait === 0 ? "Trying…" : `Trying again in ${wait} s.`}</span>
    </Banner>
  );
}

function why(loss: (Connection & { kind: "lost" })["loss"]): string {
  switch (loss.kind) {
    case "network":
      return "The server cannot be reached: it was stopped, or the network is down.";
    case "silent":
      return "The server has gone silent.";
    case "stopping":
      return loss.reason === "shutdown" ? "The server is stopping." : `The server ended the stream (${loss.reason}).`;
    case "refused":
      if (loss.status === 503 && loss.detail.includes("max_subscribers")) return "Too many viewers: the server takes no more streams (max_subscribers).";
      if (loss.status === 421) return "The server listens on a loopback address and answers to loopback names only: open this page as localhost.";
      if (loss.status === 503) return `The server is busy: ${loss.detail || "it takes nothing more just now"}.`;
      return `The server refused: ${loss.status} ${loss.detail}.`;
  }
}

function Missed(): JSX.Element {
  const { count, unknown, restarted, at } = missed.value ?? { count: 0, unknown: true, restarted: false, at: 0 };
  const said = restarted
    ? "The server was restarted. Requests that it does not know any more can be seen in the list, but not opened."
    : `${count > 0 ? `${unknown ? "At least " : ""}${plural(count, "event")}` : "Some events"} went by while this page could not follow. The list was brought up to date.`;
  return (
    <Banner kind="warn" action={<button type="button" class="quiet" aria-label="Dismiss" onClick={() => (missed.value = null)}><Icon name="close" /></button>}>
      <b>{clock(at).slice(0, 8)}</b> {said}
    </Banner>
  );
}

export function Banner({ kind, children, action }: { kind: "info" | "warn" | "error"; children: ComponentChildren; action?: JSX.Element }): JSX.Element {
  return <div class={`banner banner-${kind}`} role={kind === "info" ? "note" : "alert"}><p>{children}</p>{action}</div>;
}
