import { withoutValue, withValue } from "../model/filter";
import { copy } from "./announce";
import { openRequest } from "./detail";
import { filter, go, permalink, route, views } from "./location";
import { filtersOpen, helpOpen } from "./panels";
import { first, last, openCurrent, step } from "./selection";
import { mode, modes } from "./settings";

/** What keys do that has to do with how things are shown. */
export interface Actions {
  close(): void;
  pause(): void;
  follow(): void;
  clear(): void;
  scroll(): void;
}

function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(target.tagName));
}

/** Keys for the whole page. What has the focus goes first. */
export function listen(actions: Actions): () => void {
  const onKey = (e: KeyboardEvent): void => {
    if (e.defaultPrevented || e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
    if (typing(e.target)) {
      if (e.key === "Escape") (e.target as HTMLElement).blur();
      return;
    }
    if (handle(e, actions)) e.preventDefault();
  };
  document.addEventListener("keydown", onKey);
  return () => document.removeEventListener("keydown", onKey);
}

function handle(e: KeyboardEvent, actions: Actions): boolean {
  // What is under the focus has a meaning of its own for these.
  const inList = e.target === document.body || (e.target instanceof HTMLElement && e.target.id === "requests");
  switch (e.key) {
    case "j":
      return move(1, actions);
    case "k":
      return move(-1, actions);
    case "ArrowDown":
      return inList && move(1, actions);
    case "ArrowUp":
      return inList && move(-1, actions);
    case "g":
    case "Home":
      return (e.key === "g" || inList) && move(-Infinity, actions);
    case "G":
    case "End":
      return (e.key === "G" || inList) && move(Infinity, actions);
    case "Enter":
      if (inList) openCurrent();
      return inList;
    case "Escape":
      return escape(actions);
    case "/":
      document.getElementById("search")?.focus();
      return true;
    case "p":
      actions.pause();
      return true;
    case "f":
      actions.follow();
      return true;
    case "c":
      actions.clear();
      return true;
    case "e": {
      const f = filter.peek();
      go({ filter: f.values.status?.includes("error") ? withoutValue(f, "status", "error") : withValue(f, "status", "error") }, "replace");
      return true;
    }
    case "m":
      mode.value = modes[(modes.indexOf(mode.value) + 1) % modes.length] ?? "markdown";
      return true;
    case "?":
      helpOpen.value = true;
      return true;
  }
  return ofDetail(e.key);
}

function ofDetail(key: string): boolean {
  const { id } = route.peek();
  if (id === null) return false;
  if (key === "y") {
    void copy(permalink(openRequest()), "Permalink");
    return true;
  }
  if (key === "o") {
    document.getElementById("trace-link")?.click();
    return true;
  }
  const view = /^[1-4]$/.test(key) ? views[Number(key) - 1] : undefined;
  if (view) go({ view }, "replace");
  return view !== undefined;
}

function move(by: number, actions: Actions): boolean {
  void (by === Infinity ? last() : by === -Infinity ? first() : step(by)).then((stays) => stays && actions.scroll());
  return true;
}

function escape(actions: Actions): boolean {
  if (route.peek().id !== null) actions.close();
  else if (filtersOpen.peek()) filtersOpen.value = false;
  else return false;
  return true;
}
