import { randomBytes } from "node:crypto";
import type { Collector } from "./collector";

// Telemetry as instrumentations send it: OTLP in JSON.

type Value = string | number | boolean | null | readonly Value[] | { readonly [key: string]: Value };
export type Attributes = Readonly<Record<string, Value>>;

function anyValue(value: Value): object {
  if (value === null) return {};
  if (typeof value === "string") return { stringValue: value };
  if (typeof value === "boolean") return { boolValue: value };
  if (typeof value === "number") return Number.isInteger(value) ? { intValue: String(value) } : { doubleValue: value };
  if (Array.isArray(value)) return { arrayValue: { values: (value as readonly Value[]).map(anyValue) } };
  return { kvlistValue: { values: keyValues(value as Attributes) } };
}

const keyValues = (attributes: Attributes): object[] => Object.entries(attributes).map(([key, value]) => ({ key, value: anyValue(value) }));
const nanos = (ms: number): string => `${Math.round(ms * 1000)}000`;

/** A request of an application, told piece by piece. */
export class Request {
  readonly trace: string;
  readonly span: string;
  readonly began: number;

  constructor(
    private readonly collector: Collector,
    readonly service = "shop",
    given: { trace?: string; span?: string; began?: number } = {},
  ) {
    this.trace = given.trace ?? randomBytes(16).toString("hex");
    this.span = given.span ?? randomBytes(8).toString("hex");
    this.began = given.began ?? Date.now();
  }

  get id(): string {
    return `${this.trace}-${this.span}`;
  }

  private resource(): object {
    return { attributes: keyValues({ "service.name": this.service }) };
  }

  async log(name: string, body: Value, more: { attributes?: Attributes; at?: number; observed?: number; severity?: string } = {}): Promise<void> {
    const at = more.at ?? Date.now();
    await this.collector.logs({
      resourceLogs: [{
        resource: this.resource(),
        scopeLogs: [{
          scope: { name: "tests" },
          logRecords: [{
            eventName: name, traceId: this.trace, spanId: this.span, timeUnixNano: nanos(at), observedTimeUnixNano: nanos(more.observed ?? at),
            body: anyValue(body), attributes: keyValues({ "gen_ai.system": "openai", ...more.attributes }), ...(more.severity ? { severityText: more.severity } : {}),
          }],
        }],
      }],
    });
  }

  async end(span: Partial<Span> = {}): Promise<void> {
    await sendSpans(this.collector, [this.asSpan(span)]);
  }

  asSpan(span: Partial<Span> = {}): Sent {
    return { began: this.began, ended: Date.now(), service: this.service, trace: this.trace, span: this.span, ...span };
  }
}

export interface Span {
  name: string;
  model: string;
  operation: string;
  provider: string;
  began: number;
  ended: number;
  parent: string;
  error: { type: string; message: string };
  input: readonly Value[];
  output: readonly Value[];
  system: readonly Value[];
  tools: readonly Value[];
  tokens: readonly [number, number];
  attributes: Attributes;
}

export type Sent = Partial<Span> & { service: string; trace: string; span: string; began: number; ended: number };

export async function sendSpans(collector: Collector, spans: readonly Sent[]): Promise<void> {
  await collector.traces({
    resourceSpans: spans.map((s) => ({
      resource: { attributes: keyValues({ "service.name": s.service }) },
      scopeSpans: [{ scope: { name: "tests" }, spans: [spanOf(s)] }],
    })),
  });
}

function spanOf(s: Sent): object {
  const operation = s.operation ?? "chat";
  const model = s.model ?? "gpt-4o";
  const attributes: Record<string, Value> = {
    "gen_ai.operation.name": operation,
    "gen_ai.provider.name": s.provider ?? "openai",
    "gen_ai.request.model": model,
    "gen_ai.usage.input_tokens": s.tokens?.[0] ?? 10,
    "gen_ai.usage.output_tokens": s.tokens?.[1] ?? 5,
    "gen_ai.response.finish_reasons": ["stop"],
    ...(s.input ? { "gen_ai.input.messages": JSON.stringify(s.input) } : {}),
    ...(s.output ? { "gen_ai.output.messages": JSON.stringify(s.output) } : {}),
    ...(s.system ? { "gen_ai.system_instructions": JSON.stringify(s.system) } : {}),
    ...(s.tools ? { "gen_ai.tool.definitions": JSON.stringify(s.tools) } : {}),
    ...(s.error ? { "error.type": s.error.type } : {}),
    ...s.attributes,
  };
  return {
    traceId: s.trace, spanId: s.span, ...(s.parent ? { parentSpanId: s.parent } : {}), name: s.name ?? `${operation} ${model}`, kind: 3,
    startTimeUnixNano: nanos(s.began), endTimeUnixNano: nanos(s.ended), attributes: keyValues(attributes),
    status: s.error ? { code: 2, message: s.error.message } : {},
  };
}

export const says = (role: string, ...contents: string[]): Value => ({ role, parts: contents.map((content) => ({ type: "text", content })) });
