/** What switches the capture of content on, by who captures. */
export const captureHints: readonly { who: string; set: string }[] = [
  { who: "OpenTelemetry (Python, JavaScript)", set: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=true" },
  { who: "OpenTelemetry util-genai, Google ADK", set: "OTEL_INSTRUMENTATION_GENAI_CAPTURE_MESSAGE_CONTENT=SPAN_AND_EVENT" },
  { who: "OpenLLMetry / Traceloop", set: "TRACELOOP_TRACE_CONTENT=true" },
  { who: "Claude Code", set: "OTEL_LOG_USER_PROMPTS=1" },
  { who: "Gemini CLI", set: "GEMINI_TELEMETRY_LOG_PROMPTS=true" },
  { who: "Microsoft.Extensions.AI", set: "EnableSensitiveData = true" },
  { who: "Vercel AI SDK", set: "experimental_telemetry: { isEnabled: true, recordInputs: true, recordOutputs: true }" },
];

export const sendHints: readonly { what: string; set: string }[] = [
  { what: "Where telemetry goes: this collector's OTLP receiver", set: "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:4318" },
  { what: "Spans and log records are both wanted", set: "OTEL_TRACES_EXPORTER=otlp OTEL_LOGS_EXPORTER=otlp" },
  { what: "The shape of today, where an instrumentation knows several", set: "OTEL_SEMCONV_STABILITY_OPT_IN=gen_ai_latest_experimental" },
];
