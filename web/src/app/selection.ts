import { signal } from "@preact/signals";
import type { Row } from "../model/rows";
import { announce } from "./announce";
import { filter, go, route, type Route } from "./location";
import { loadOlder, older, severalProcessors, shown } from "./session";

/** The key of the row that the keyboard is at. */
export const current = signal<string | null>(null);

/** Counts how often the current row was to be brought into view. */
export const sought = signal(0);

export function seekCurrent(): void {
  sought.value++;
}

export function setCurrent(key: string | null): void {
  current.value = key;
}

/** What leads to a request: its processor too, as far as this page knows of others. */
export function addressOf(request: { readonly id: string; readonly processor: string }): Pick<Route, "id" | "component"> {
  const several = severalProcessors.value || filter.value.values.processor !== undefined || route.value.component !== null;
  return { id: request.id, component: several && request.processor !== "" ? request.processor : null };
}

/** Where the open request, or else the current row, is in the list; -1 for nowhere. */
export function position(): number {
  const rows = shown.value;
  const { id, component } = route.value;
  if (id !== null && component !== null) return rows.findIndex((row) => row.id === id && row.processor === component);
  if (id !== null) {
    const exact = rows.findIndex((row) => row.key === current.value && row.id === id);
    return exact >= 0 ? exact : rows.findIndex((row) => row.id === id);
  }
  return rows.findIndex((row) => row.key === current.value);
}

let moves = 0;

/**
 * Fetches older requests until what is looked for is there or there are no more.
 * False when somebody went somewhere else meanwhile.
 */
async function reach(there: () => boolean): Promise<boolean> {
  const move = ++moves;
  const { id } = route.peek();
  while (!there() && older.peek().more) {
    announce("Fetching older requests…", true);
    const came = await loadOlder();
    if (move !== moves || route.peek().id !== id) return false;
    if (came || !older.peek().more) continue;
    announce("Older requests cannot be fetched just now", true);
    break;
  }
  return true;
}

/** Goes to a row; an open request makes way for the one there. */
function goTo(row: Row | undefined): void {
  if (!row) return;
  current.value = row.key;
  if (route.peek().id !== null) go(addressOf(row), "replace");
}

/** Goes so many rows down, or up. What goes somewhere answers false when that was overtaken. */
export async function step(by: number): Promise<boolean> {
  const { id } = route.peek();
  const there = (): boolean => {
    const at = position();
    return at < 0 ? id === null : at + by < shown.peek().length;
  };
  if (!(await reach(there))) return false;
  const rows = shown.peek();
  const at = position();
  // Where it is not known to be nowhere, it may come yet.
  if (at >= 0 || id === null || !older.peek().more) goTo(rows[at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by))]);
  return true;
}

/** Goes to the newest row. */
export async function first(): Promise<boolean> {
  moves++;
  goTo(shown.peek()[0]);
  return true;
}

/** Goes to the oldest row that this page can have. */
export async function last(): Promise<boolean> {
  const stays = await reach(() => false);
  if (stays) goTo(shown.peek().at(-1));
  return stays;
}

export function openCurrent(): void {
  const row = shown.peek().find((r) => r.key === current.peek());
  if (row) go(addressOf(row));
}
