import type { JSX } from "preact";
import type { Part } from "../api/types";
import { mode } from "../app/settings";
import { blobBytes, parsed, toolArguments, toolName, toolResponse, type Pair } from "../model/transcript";
import { bytes, duration, textBytes } from "../text/format";
import { oneLine } from "../text/visible";
import { CopyButton } from "./Copy";
import { Icon } from "./icons";
import { JsonTree } from "./JsonTree";
import { LongText } from "./Text";

type Pairs = ReadonlyMap<string, Pair>;

/** One part of a message. */
export function PartView({ part, pairs }: { part: Part; pairs: Pairs }): JSX.Element {
  switch (part.type) {
    case "text":
      return <Content value={part["content"]} />;
    case "reasoning":
      return <Reasoning part={part} />;
    case "tool_call":
    case "server_tool_call":
      return <ToolCall part={part} pairs={pairs} />;
    case "tool_call_response":
    case "server_tool_call_response":
      return <ToolResponse part={part} pairs={pairs} />;
    case "blob":
    case "file":
    case "uri":
    case "file_data":
      return <Media part={part} />;
    case "compaction":
      return (
        <details class="fold"><summary>Compaction of what was said before</summary><Content value={part["content"]} /></details>
      );
  }
  if (typeof part["content"] === "string") return <Content value={part["content"]} />;
  return <JsonTree value={part} />;
}

/** What a message says: text as the reader wants it, anything else as a tree. */
export function Content({ value }: { value: unknown }): JSX.Element | null {
  if (value === undefined || value === null || value === "") return null;
  const data = parsed(value);
  if (typeof data === "object" && data !== null) return <JsonTree value={data} open={2} />;
  return <LongText text={String(value)} markdown={mode.value === "markdown"} />;
}

function Reasoning({ part }: { part: Part }): JSX.Element {
  const text = typeof part["content"] === "string" ? part["content"] : JSON.stringify(part["content"] ?? "");
  return (
    <details class="fold reasoning">
      <summary>Reasoning <span class="muted">{bytes(textBytes(text))}</span></summary>
      <Content value={part["content"]} />
    </details>
  );
}

const id = (part: Part): string => (typeof part["id"] === "string" ? part["id"] : "");

function ToolCall({ part, pairs }: { part: Part; pairs: Pairs }): JSX.Element {
  const pair = pairs.get(id(part));
  const args = toolArguments(part);
  const ran = pair?.ran;
  return (
    <div class="tool-part">
      <p class="tool-head">
        <Icon name="tool" /><b><bdi>{oneLine(toolName(part) || part.type || "tool")}</bdi></b>
        <span class="muted id"><bdi>{oneLine(id(part), 80)}</bdi></span>
        {ran?.duration_ns !== undefined && <span class="muted">{duration(ran.duration_ns)}</span>}
        <Jump to={pair?.answered} text="Result" />
        <CopyButton text={() => text(args)} what="arguments" />
      </p>
      {args === undefined ? <p class="muted">Its arguments were not captured.</p> : <Value value={args} />}
      {!pair?.answered && ran?.tool?.result !== undefined && (
        <details class="fold"><summary>Result, from its own span</summary><Value value={parsed(ran.tool.result)} /></details>
      )}
      {!pair?.answered && ran?.tool?.result === undefined && <p class="muted">No result in this request{ran ? " (the tool ran)" : ""}.</p>}
    </div>
  );
}

function ToolResponse({ part, pairs }: { part: Part; pairs: Pairs }): JSX.Element {
  const pair = pairs.get(id(part));
  const name = pair?.name || toolName(part);
  const response = toolResponse(part);
  return (
    <div class="tool-part">
      <p class="tool-head">
        <Icon name="tool" />Result of <b><bdi>{oneLine(name || "a tool")}</bdi></b>
        {pair?.arguments !== undefined && <span class="muted args"><bdi>{oneLine(typeof pair.arguments === "string" ? pair.arguments : JSON.stringify(pair.arguments), 120)}</bdi></span>}
        <span class="muted id"><bdi>{oneLine(id(part), 80)}</bdi></span>
        <Jump to={pair?.asked} text="Call" />
        <CopyButton text={() => text(response)} what="result" />
      </p>
      {response === undefined ? <p class="muted">It was not captured.</p> : <Value value={response} />}
    </div>
  );
}

function text(value: unknown): string {
  return typeof value === "string" ? value : (JSON.stringify(value, null, 2) ?? "");
}

function Value({ value }: { value: unknown }): JSX.Element {
  if (value !== null && typeof value === "object") return <JsonTree value={value} open={2} />;
  return <LongText text={String(value)} markdown={false} />;
}

/** Goes to the other half of a tool call. */
function Jump({ to, text }: { to: string | undefined; text: string }): JSX.Element | null {
  if (!to) return null;
  const jump = (): void => {
    const element = document.getElementById(to);
    // It may be folded away.
    for (let fold = element?.closest("details"); fold; fold = fold.parentElement?.closest("details")) fold.open = true;
    element?.scrollIntoView({ block: "center" });
    element?.focus();
  };
  return <button type="button" class="quiet jump" onClick={jump}>{text}</button>;
}

/** Media are named and never loaded. */
function Media({ part }: { part: Part }): JSX.Element {
  const data = part["content"] ?? part["data"];
  const where = typeof part["uri"] === "string" ? part["uri"] : typeof part["file_id"] === "string" ? part["file_id"] : "";
  const size = typeof data === "string" ? blobBytes(data) : typeof part["byte_size"] === "number" ? part["byte_size"] : undefined;
  const facts = [word(part["modality"]) || part.type, word(part["mime_type"]), size === undefined ? "" : bytes(size)].filter(Boolean);
  return (
    <p class="media">
      <span class="media-kind" aria-hidden="true">{part.type === "uri" ? "↗" : "▣"}</span>
      <b>{facts.join(" · ")}</b> {where && <code><bdi>{oneLine(where, 200)}</bdi></code>} <span class="muted">not loaded</span>
      {where && <CopyButton text={() => where} what="address" />}
    </p>
  );
}

const word = (value: unknown): string => (typeof value === "string" ? oneLine(value, 60) : "");
