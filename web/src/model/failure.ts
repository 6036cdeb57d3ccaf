import type { Failure } from "../api/types";
import { bytes } from "../text/format";
import { hiddenBytes } from "./transcript";

/** The kind of a failure, empty when it is unknown. */
export function failureType(failure: Failure | undefined): string {
  return typeof failure?.type === "string" ? failure.type : "";
}

/** What a failure says, or how much of it the server hides. */
export function failureMessage(failure: Failure | undefined): string {
  const message: unknown = failure?.message;
  if (typeof message === "string") return message;
  const hidden = hiddenBytes(message);
  return hidden > 0 ? `(message of ${bytes(hidden)} hidden)` : "";
}
