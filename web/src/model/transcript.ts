import type { Call, Hidden, Message, Part, Snapshot } from "../api/types";
import { list, primaryCall } from "./rows";

/** One message as it is shown. */
export interface Entry {
  /** Unique in the transcript, fit for an element's id. */
  readonly anchor: string;
  readonly role: string;
  readonly message: Message;
  readonly parts: readonly Part[];
  /** Bytes of its content, about. */
  readonly size: number;
}

/** One call's conversation. */
export interface Conversation {
  readonly call: Call;
  readonly index: number;
  readonly primary: boolean;
  readonly system: Entry | null;
  /** Input up to the last answer: what turns before this one said. */
  readonly history: readonly Entry[];
  /** Input after it: what is new. */
  readonly fresh: readonly Entry[];
  readonly output: readonly Entry[];
  readonly definitions: readonly unknown[];
  /** Bytes that the server hides. */
  readonly hiddenBytes: number;
}

/** Where a tool call and its result are, by the id of the tool call. */
export interface Pair {
  name?: string;
  arguments?: unknown;
  /** Anchors of the messages. */
  asked?: string;
  answered?: string;
  response?: unknown;
  /** The call that ran the tool. */
  ran?: Call;
}

export interface Transcript {
  readonly conversations: readonly Conversation[];
  readonly pairs: ReadonlyMap<string, Pair>;
}

export function transcript(envelope: Snapshot): Transcript {
  const primary = primaryCall(envelope);
  const pairs = new Map<string, Pair>();
  const conversations: Conversation[] = [];
  list<Call>(envelope.calls).forEach((call, index) => {
    const c = conversation(call, index, call === primary);
    for (const entry of [...c.history, ...c.fresh, ...c.output]) pair(entry, pairs);
    if (call.kind === "tool" && call.tool?.call_id) of(pairs, call.tool.call_id).ran = call;
    if (hasContent(c)) conversations.push(c);
  });
  return { conversations, pairs };
}

export function hasContent(c: Conversation): boolean {
  return (
    c.system !== null || c.history.length + c.fresh.length + c.output.length + c.definitions.length > 0 ||
    c.hiddenBytes > 0 || c.call.tool?.arguments !== undefined || c.call.tool?.result !== undefined
  );
}

function conversation(call: Call, index: number, primary: boolean): Conversation {
  const anchor = (what: string, n: number) => `m-${index}-${what}-${n}`;
  const entries = (value: unknown, what: string) =>
    list<Message>(value).map((message, n) => entry(message, anchor(what, n)));
  const instructions = list<Part>(call.system_instructions);
  const input = entries(call.input_messages, "in");
  const answered = input.findLastIndex((e) => e.role === "assistant");
  // A turn that ends with an answer has it prefilled: that is new.
  const split = answered === input.length - 1 ? Math.max(0, answered) : answered + 1;
  return {
    call, index, primary,
    system: instructions.length > 0 ? entry({ role: "system", parts: [...instructions] }, anchor("system", 0)) : null,
    history: input.slice(0, split),
    fresh: input.slice(split),
    output: entries(call.output_messages, "out"),
    definitions: list(call.tool_definitions),
    hiddenBytes: [call.system_instructions, call.input_messages, call.output_messages, call.tool_definitions,
      call.tool?.arguments, call.tool?.result].reduce<number>((sum, value) => sum + hiddenBytes(value), 0),
  };
}

/** How many bytes the server hides in the place of a value. */
export function hiddenBytes(value: unknown): number {
  if (!value || typeof value !== "object" || Array.isArray(value)) return 0;
  const n = (value as Partial<Hidden>).hidden_bytes;
  return typeof n === "number" ? n : 0;
}

function entry(message: Message, anchor: string): Entry {
  const known = message && typeof message === "object" ? message : { parts: [{ type: "text", content: message }] };
  const parts = list<Part>(known.parts).map((part) => (part && typeof part === "object" ? part : { type: "text", content: part }));
  return {
    anchor,
    role: typeof known.role === "string" && known.role !== "" ? known.role : "unknown",
    message: known as Message,
    parts,
    size: parts.reduce((sum, part) => sum + partSize(part), 0),
  };
}

function partSize(part: Part): number {
  if (typeof part["content"] === "string") return part.type === "blob" ? blobBytes(part["content"]) : part["content"].length;
  const { type: _, id: __, ...rest } = part;
  return JSON.stringify(rest).length;
}

/** Bytes of what is written in base64. */
export function blobBytes(base64: string): number {
  return Math.floor((base64.length * 3) / 4) - (base64.endsWith("==") ? 2 : base64.endsWith("=") ? 1 : 0);
}

function of(pairs: Map<string, Pair>, id: string): Pair {
  let found = pairs.get(id);
  if (!found) pairs.set(id, (found = {}));
  return found;
}

function pair(entry: Entry, pairs: Map<string, Pair>): void {
  for (const part of entry.parts) {
    if (typeof part["id"] !== "string" || part["id"] === "") continue;
    const known = of(pairs, part["id"]);
    switch (part.type) {
      case "tool_call":
      case "server_tool_call":
        known.asked ??= entry.anchor;
        known.name ??= toolName(part);
        known.arguments ??= toolArguments(part);
        break;
      case "tool_call_response":
      case "server_tool_call_response":
        known.answered ??= entry.anchor;
        known.response ??= toolResponse(part);
    }
  }
}

export function toolName(part: Part): string {
  return typeof part["name"] === "string" ? part["name"] : "";
}

export function toolArguments(part: Part): unknown {
  return parsed(part["arguments"] ?? part["server_tool_call"]);
}

export function toolResponse(part: Part): unknown {
  return parsed(part["response"] ?? part["result"] ?? part["server_tool_call_response"]);
}

/** JSON in a string is shown as what it says. */
export function parsed(value: unknown): unknown {
  if (typeof value !== "string" || value.length > 1 << 20 || !/^\s*[[{]/.test(value)) return value;
  try {
    return JSON.parse(value) as unknown;
  } catch {
    return value;
  }
}
