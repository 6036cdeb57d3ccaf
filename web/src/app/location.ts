import { computed, signal } from "@preact/signals";
import { root } from "../api/client";
import { segment } from "../api/mount";
import { readFilter, writeFilter, type Filter } from "../model/filter";

export const views = ["transcript", "timeline", "calls", "raw"] as const;
export type View = (typeof views)[number];

/** What the page's address says. */
export interface Route {
  /** The request that is open. */
  readonly id: string | null;
  readonly view: View;
  readonly filter: Filter;
}

export function readRoute(url: URL, mount: string): Route {
  const rest = url.pathname.startsWith(mount) ? url.pathname.slice(mount.length) : "";
  const view = views.find((v) => v === url.searchParams.get("view")) ?? "transcript";
  return { id: rest.startsWith("r/") ? decode(rest.slice(2)) || null : null, view, filter: readFilter(url.searchParams) };
}

export function writeRoute(r: Route, mount: string): string {
  const query = new URLSearchParams();
  writeFilter(r.filter, query);
  if (r.id !== null && r.view !== "transcript") query.set("view", r.view);
  const text = query.toString();
  return mount + (r.id === null ? "" : `r/${segment(r.id)}`) + (text ? `?${text}` : "");
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

export const route = signal<Route>(readRoute(new URL(location.href), root.pathname));
export const filter = computed(() => route.value.filter);

/** Goes somewhere; what is not given stays. */
export function go(change: Partial<Route>, how: "push" | "replace" = "push"): void {
  const next = { ...route.value, ...change };
  const address = writeRoute(next, root.pathname);
  if (address === location.pathname + location.search) {
    route.value = next;
    return;
  }
  if (how === "push") history.pushState(null, "", address);
  else history.replaceState(null, "", address);
  route.value = next;
}

export function href(change: Partial<Route>): string {
  return writeRoute({ ...route.value, ...change }, root.pathname);
}

/** The address of one request, for others. */
export function permalink(id: string): string {
  return new URL(`r/${segment(id)}`, root).href;
}

window.addEventListener("popstate", () => {
  route.value = readRoute(new URL(location.href), root.pathname);
});
