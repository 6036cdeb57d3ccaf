import type { JSX } from "preact";
import { useMemo } from "preact/hooks";
import type { Snapshot } from "../api/types";
import { mode, modes } from "../app/settings";
import { transcript, type Conversation, type Entry, type Pair } from "../model/transcript";
import { parsed } from "../model/transcript";
import { bytes, duration, plural } from "../text/format";
import { oneLine, visible } from "../text/visible";
import { CopyButton } from "./Copy";
import { CaptureHints } from "./Empty";
import { JsonTree } from "./JsonTree";
import { Parameters } from "./Parameters";
import { Content, PartView } from "./Parts";
import { LongText } from "./Text";

type Pairs = ReadonlyMap<string, Pair>;

export function Transcript({ envelope }: { envelope: Snapshot }): JSX.Element {
  const { conversations, pairs } = useMemo(() => transcript(envelope), [envelope]);
  const hidden = conversations.reduce((sum, c) => sum + c.hiddenBytes, 0);
  const said = conversations.some((c) => c.system || c.history.length + c.fresh.length + c.output.length > 0 || c.call.tool);
  return (
    <div class="transcript">
      {hidden > 0 && <p class="note">This server hides {bytes(hidden)} of content (<code>content: hide</code>).</p>}
      {conversations.map((c) => (
        <ConversationView key={c.index} conversation={c} pairs={pairs} alone={conversations.length === 1} />
      ))}
      {!said && hidden === 0 && <NotCaptured envelope={envelope} />}
      <Parameters envelope={envelope} />
    </div>
  );
}

export function ModeSwitch(): JSX.Element {
  return (
    <div class="modes" role="group" aria-label="How messages are shown">
      {modes.map((m) => (
        <button key={m} type="button" class={`toggle${mode.value === m ? " on" : ""}`} aria-pressed={mode.value === m} onClick={() => (mode.value = m)}>
          {m === "markdown" ? "Markdown" : m === "plain" ? "Plain" : "Raw"}
        </button>
      ))}
    </div>
  );
}

function NotCaptured({ envelope }: { envelope: Snapshot }): JSX.Element {
  if (envelope.state === "open") {
    return <p class="note">Nothing of what is said has come yet. Many instrumentations send it with the span, when the call ends.</p>;
  }
  if (envelope.kind !== "inference" && envelope.kind !== "agent") {
    return <p class="note">A request of kind {envelope.kind ?? "other"}, with nothing said in it.</p>;
  }
  return (
    <section class="note" aria-label="Content not captured">
      <h3>Content was not captured</h3>
      <p>The telemetry of this request has neither prompts nor answers.</p>
      <CaptureHints />
    </section>
  );
}

interface ConversationProps {
  conversation: Conversation;
  pairs: Pairs;
  alone: boolean;
}

function ConversationView({ conversation: c, pairs, alone }: ConversationProps): JSX.Element {
  const messages = <Messages conversation={c} pairs={pairs} />;
  if (alone) return messages;
  return (
    <details class="conversation" open={c.primary}>
      <summary>
        <b><bdi>{oneLine(c.call.name ?? c.call.operation ?? c.call.kind ?? "call")}</bdi></b>{" "}
        <span class="muted">{[c.call.kind, duration(c.call.duration_ns)].filter(Boolean).join(" · ")}</span>
      </summary>
      {messages}
    </details>
  );
}

function Messages({ conversation: c, pairs }: { conversation: Conversation; pairs: Pairs }): JSX.Element {
  const one = (e: Entry): JSX.Element => <Message key={e.anchor} entry={e} pairs={pairs} />;
  return (
    <>
      {c.system && (
        <details class="fold system">
          <summary>System prompt <span class="muted">{bytes(c.system.size)} · {oneLine(preview(c.system), 120)}</span></summary>
          <Message entry={c.system} pairs={pairs} />
        </details>
      )}
      {c.definitions.length > 0 && (
        <details class="fold definitions">
          <summary>{plural(c.definitions.length, "tool")} on offer <span class="muted">{oneLine(toolNames(c.definitions), 120)}</span></summary>
          <JsonTree value={c.definitions} open={1} />
        </details>
      )}
      {c.history.length > 0 && (
        <details class="fold history">
          <summary>
            History <span class="muted">{plural(c.history.length, "message")} of earlier turns · {bytes(c.history.reduce((sum, e) => sum + e.size, 0))}</span>
          </summary>
          {c.history.map(one)}
        </details>
      )}
      {c.history.length > 0 && c.fresh.length > 0 && <h3 class="divider">New in this turn</h3>}
      {c.fresh.map(one)}
      {c.output.length > 0 && <h3 class="divider">{c.output.length > 1 ? `Answer · ${c.output.length} choices` : "Answer"}</h3>}
      {c.output.map(one)}
      <ToolRun conversation={c} />
    </>
  );
}

/** What a tool's own span says. */
function ToolRun({ conversation: c }: { conversation: Conversation }): JSX.Element | null {
  const { tool } = c.call;
  if (!tool || (tool.arguments === undefined && tool.result === undefined)) return null;
  return (
    <article class="message role-tool" aria-label="Tool">
      <header><span class="role">tool</span><b><bdi>{oneLine(tool.name ?? "")}</bdi></b></header>
      {tool.arguments !== undefined && <><h4>Arguments</h4><Content value={parsed(tool.arguments)} /></>}
      {tool.result !== undefined && <><h4>Result</h4><Content value={parsed(tool.result)} /></>}
    </article>
  );
}

function preview(entry: Entry): string {
  const first = entry.parts[0]?.["content"];
  return typeof first === "string" ? first.slice(0, 200).replace(/\s+/g, " ") : "";
}

function toolNames(definitions: readonly unknown[]): string {
  return definitions
    .map((d) => (d && typeof d === "object" && "name" in d ? String(d.name) : ""))
    .filter(Boolean)
    .join(", ");
}

const roles: ReadonlySet<string> = new Set(["system", "user", "assistant", "tool", "developer"]);

function Message({ entry, pairs }: { entry: Entry; pairs: Pairs }): JSX.Element {
  const { message } = entry;
  const raw = mode.value === "raw";
  return (
    <article class={`message role-${roles.has(entry.role) ? entry.role : "other"}`} id={entry.anchor} tabIndex={-1} aria-label={`${entry.role} message`}>
      <header>
        <span class="role">{oneLine(entry.role, 40)}</span>
        {typeof message.name === "string" && <bdi>{oneLine(message.name, 80)}</bdi>}
        {typeof message.finish_reason === "string" && <span class="muted">finished: {visible(message.finish_reason)}</span>}
        <span class="muted size">{bytes(entry.size)}</span>
        <CopyButton text={() => plainText(entry)} what="message" />
      </header>
      {raw
        ? <LongText text={JSON.stringify(message, null, 2)} markdown={false} />
        : entry.parts.map((part, n) => <PartView key={n} part={part} pairs={pairs} />)}
      {!raw && entry.parts.length === 0 && <p class="muted">Empty</p>}
    </article>
  );
}

function plainText(entry: Entry): string {
  const texts = entry.parts.filter((p) => p.type === "text" || p.type === "reasoning").map((p) => String(p["content"] ?? ""));
  return texts.length === entry.parts.length && texts.length > 0 ? texts.join("\n\n") : JSON.stringify(entry.message, null, 2);
}
