// The vocabulary of the server: envelopes, and what streams say of them. Absent
// means unknown. Everything here comes from elsewhere and may be anything; what
// is read from it is checked where it is read.

export interface Usage {
  input_tokens?: number;
  output_tokens?: number;
  cache_read_input_tokens?: number;
  cache_write_input_tokens?: number;
  reasoning_output_tokens?: number;
}

export interface Failure {
  type?: string;
  message?: string | Hidden;
}

/** Stands where content was when the server hides content. */
export interface Hidden {
  hidden_bytes: number;
}

export interface Part {
  type?: string;
  [key: string]: unknown;
}

export interface Message {
  role?: string;
  name?: string;
  parts?: Part[];
  finish_reason?: string;
}

export interface Tool {
  name?: string;
  call_id?: string;
  arguments?: unknown;
  result?: unknown;
}

export interface Call {
  span_id?: string;
  parent_span_id?: string;
  name?: string;
  kind?: string;
  operation?: string;
  provider?: string;
  request_model?: string;
  response_model?: string;
  response_id?: string;
  started_at?: string;
  ended_at?: string;
  duration_ns?: number;
  status?: string;
  error?: Failure;
  finish_reasons?: string[];
  usage?: Usage;
  time_to_first_chunk_ns?: number;
  tool?: Tool;
  links?: unknown[];
  attributes?: Record<string, unknown>;
  system_instructions?: Part[] | Hidden;
  input_messages?: Message[] | Hidden;
  output_messages?: Message[] | Hidden;
  tool_definitions?: unknown[] | Hidden;
  content_source?: Record<string, string>;
}

export interface EnvelopeEvent {
  seq: number;
  time?: string;
  observed_time?: string;
  name?: string;
  source?: "log" | "span_event";
  trace_id?: string;
  span_id?: string;
  scope?: string;
  severity?: string;
  attributes?: Record<string, unknown>;
  body?: unknown;
  late?: boolean;
  truncated?: boolean;
}

export interface Counts {
  events: number;
  calls: number;
  late: number;
  truncated: number;
  dropped: number;
}

export type State = "open" | "ended" | "flushed";

/** An envelope as it stands, with what the server knows beside it. */
export interface Snapshot {
  id?: string;
  request_id: string;
  processor: string;
  state: State;
  service?: string;
  key_source?: string;
  related_request_id?: string;
  kind?: string;
  part?: number;
  flush_reason?: string;
  complete?: boolean;
  trace_id?: string;
  span_id?: string;
  conversation_id?: string;
  started_at?: string;
  ended_at?: string;
  duration_ns?: number;
  status?: string;
  error?: Failure;
  usage?: Usage;
  /** In summaries only. */
  tool_calls?: number;
  calls?: Call[];
  events?: EnvelopeEvent[];
  counts?: Counts;
}

export interface Page {
  requests: Snapshot[];
  cursor: string;
  next_page_token?: string;
}

export interface ServerConfig {
  content: "show" | "hide";
  trace_url?: string;
  authentication: boolean;
  keepalive_ns: number;
  retention_ns: number;
  max_requests: number;
}

export interface Stats {
  published: number;
  subscribers: number;
  requests_open: number;
  requests_kept: number;
  [key: string]: unknown;
}

/** One event of a stream; data is JSON text, parsed by whoever wants it. */
export interface StreamEvent {
  id: string;
  name: string;
  data: string;
}
