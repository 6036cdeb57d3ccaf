import { signal } from "@preact/signals";
import { filter, go, route, type Route } from "./location";
import { severalProcessors, shown } from "./session";

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

/** Goes so many rows down; an open request makes way for the one there. */
export function step(by: number): boolean {
  const rows = shown.peek();
  if (rows.length === 0) return false;
  const at = position();
  const next = at < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, at + by));
  const row = rows[next];
  if (!row || next === at) return false;
  current.value = row.key;
  if (route.peek().id !== null) go(addressOf(row), "replace");
  return true;
}

export function openCurrent(): void {
  const row = shown.peek().find((r) => r.key === current.peek());
  if (row) go(addressOf(row));
}
