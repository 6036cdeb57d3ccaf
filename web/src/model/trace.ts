import type { Snapshot } from "../api/types";

/** The link out to the trace, from the server's template; null when there is none to be had. */
export function traceLink(template: string | undefined, envelope: Pick<Snapshot, "trace_id" | "span_id"> | null): string | null {
  if (!template || !envelope?.trace_id || !/^https?:\/\//i.test(template)) return null;
  return template
    .replaceAll("{trace_id}", encodeURIComponent(envelope.trace_id))
    .replaceAll("{span_id}", encodeURIComponent(envelope.span_id ?? ""));
}
