import { effect, signal } from "@preact/signals";

/** How messages are shown. */
export type Mode = "markdown" | "plain" | "raw";
export const modes: readonly Mode[] = ["markdown", "plain", "raw"];

function stored(key: string): string | null {
  try {
    return localStorage.getItem(`gen_ai_live.${key}`);
  } catch {
    return null; // storage is switched off
  }
}

function store(key: string, value: string): void {
  try {
    localStorage.setItem(`gen_ai_live.${key}`, value);
  } catch {
    // As above: the choice holds until the page is left.
  }
}

export const mode = signal<Mode>(modes.find((m) => m === stored("mode")) ?? "markdown");
effect(() => store("mode", mode.value));

/** The share of the window that the detail takes, beside the list. */
export const split = signal<number>(clampSplit(Number(stored("split") ?? 0.56)));
effect(() => store("split", String(split.value)));

export function clampSplit(share: number): number {
  return Number.isFinite(share) ? Math.min(0.8, Math.max(0.3, share)) : 0.56;
}
