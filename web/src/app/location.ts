import { computed, signal } from "@preact/signals";
import { root } from "../api/client";
import { segment } from "../api/mount";
import { everything, readFilter, writeFilter, type Filter } from "../model/filter";

export const views = ["transcript", "timeline", "calls", "raw"] as const;
export type View = (typeof views)[number];

/** What the page's address says. */
export interface Route {
  /** The request that is open. */
  readonly id: string | null;
  /** The component id of the processor that has it, where several may have requests of one id. */
  readonly component: string | null;
  readonly view: View;
  readonly filter: Filter;
}

export function readRoute(url: URL, mount: string): Route {
  const rest = url.pathname.startsWith(mount) ? url.pathname.slice(mount.length) : "";
  const view = views.find((v) => v === url.searchParams.get("view")) ?? "transcript";
  const id = rest.startsWith("r/") ? decode(rest.slice(2)) || null : null;
  const component = id === null ? null : url.searchParams.get("component") || null;
  return { id, component, view, filter: readFilter(url.searchParams) };
}

export function writeRoute(r: Route, mount: string): string {
  const query = new URLSearchParams();
  writeFilter(r.filter, query);
  if (r.id !== null && r.component !== null) query.set("component", r.component);
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

function changed(change: Partial<Route>): Route {
  // A component is that of its request.
  return { ...route.value, ...("id" in change ? { component: null } : {}), ...change };
}

/** Goes somewhere; what is not given stays. */
export function go(change: Partial<Route>, how: "push" | "replace" = "push"): void {
  const next = changed(change);
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
  return writeRoute(changed(change), root.pathname);
}

/** The address of one request, for others. */
export function permalink(request: Pick<Route, "id" | "component">): string {
  return new URL(writeRoute({ ...request, view: "transcript", filter: everything }, root.pathname), root).href;
}

window.addEventListener("popstate", () => {
  route.value = readRoute(new URL(location.href), root.pathname);
});
