import type { Usage } from "../api/types";
import { count } from "./format";

/** What of the input tokens is known besides their number. */
export function ofInput(u: Usage): readonly string[] {
  return [said(u.cache_read_input_tokens, "read from cache"), said(u.cache_write_input_tokens, "written to cache")].filter(Boolean);
}

/** What of the output tokens is known besides their number. */
export function ofOutput(u: Usage): readonly string[] {
  return [said(u.reasoning_output_tokens, "for reasoning")].filter(Boolean);
}

/** 1 234 in (1 000 read from cache) · 56 out; empty when nothing is known. */
export function tokenLine(u: Usage | undefined): string {
  if (!u) return "";
  return [side(u.input_tokens, "in", ofInput(u)), side(u.output_tokens, "out", ofOutput(u))].filter(Boolean).join(" · ");
}

function side(n: number | undefined, name: string, parts: readonly string[]): string {
  if (n === undefined && parts.length === 0) return "";
  return `${count(n) || "?"} ${name}${parts.length > 0 ? ` (${parts.join(", ")})` : ""}`;
}

const said = (n: number | undefined, what: string): string => (n === undefined ? "" : `${count(n)} ${what}`);
