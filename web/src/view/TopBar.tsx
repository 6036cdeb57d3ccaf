import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { authorize, clear, connection, follow, known, paused, serverConfig, shown, waiting } from "../app/session";
import { announce } from "../app/announce";
import { filter, go } from "../app/location";
import { credential } from "../api/client";
import { filtersOpen, helpOpen } from "../app/panels";
import { isFiltered, toggleState, withoutValue, withValue } from "../model/filter";
import { count, plural } from "../text/format";
import { Icon, type IconName } from "./icons";
import { followNewest } from "./List";

export function TopBar(): JSX.Element {
  return (
    <header class="top">
      <h1 class="brand"><span class="mark" aria-hidden="true" />LLM requests</h1>
      <Status />
      <Search />
      <Quick />
      <div class="tools" role="toolbar" aria-label="List">
        <Tool
          icon="filter" text="Filter" pressed={filtersOpen.value} expands="filters" hint="More filters"
          onClick={() => (filtersOpen.value = !filtersOpen.value)}
        />
        <Tool
          icon={paused.value ? "play" : "pause"} text={pauseText()} pressed={paused.value} hint="Pause (p)" talks={waiting.value > 0}
          onClick={togglePause}
        />
        <Tool icon="follow" text="Follow" pressed={follow.value} hint="Stay at the newest (f)" onClick={toggleFollow} />
        <Tool icon="clear" text="Clear" hint="Take all requests off this page (c); the server keeps them" onClick={clearList} />
        {serverConfig.value?.authentication && credential.get() !== null && (
          <Tool icon="key" text="Forget" hint="Forget the credential" onClick={() => authorize(null)} />
        )}
        <Tool icon="help" text="Help" hint="Keyboard and help (?)" onClick={() => (helpOpen.value = true)} />
      </div>
    </header>
  );
}

export function togglePause(): void {
  paused.value = !paused.value;
  announce(paused.value ? "Paused" : "Going on");
}

export function toggleFollow(): void {
  if (follow.value) follow.value = false;
  else followNewest();
}

export function clearList(): void {
  clear();
  announce("List cleared", true);
}

function pauseText(): string {
  if (!paused.value) return "Pause";
  return waiting.value > 0 ? `Go on · ${count(waiting.value)} waiting` : "Go on";
}

interface ToolProps {
  icon: IconName;
  text: string;
  hint: string;
  pressed?: boolean;
  expands?: string;
  /** Its text says what nothing else does. */
  talks?: boolean;
  onClick: () => void;
}

function Tool({ icon, text, hint, pressed, expands, talks, onClick }: ToolProps): JSX.Element {
  const state = expands ? { "aria-expanded": pressed ?? false, "aria-controls": expands } : pressed === undefined ? {} : { "aria-pressed": pressed };
  return (
    <button type="button" class={`tool${pressed ? " on" : ""}${talks ? " keep-text" : ""}`} title={hint} aria-label={talks ? undefined : text} onClick={onClick} {...state}>
      <Icon name={icon} /><span class="tool-text">{text}</span>
    </button>
  );
}

function Status(): JSX.Element {
  const { kind } = connection.value;
  const text = { connecting: "Connecting", live: paused.value ? "Paused" : "Live", lost: "Not connected", refused: "Refused", unauthorized: "Locked" }[kind];
  const filtered = isFiltered(filter.value);
  return (
    <p class={`status status-${kind}${paused.value ? " status-paused" : ""}`}>
      <span class="dot" aria-hidden="true" />
      <span role="status">{text}</span>
      <span class="muted total">{filtered ? `${count(shown.value.length)} of ${count(known.value)}` : plural(known.value, "request")}</span>
    </p>
  );
}

function Search(): JSX.Element {
  const { q } = filter.value;
  const [text, setText] = useState(q);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => setText(q), [q]);
  useEffect(() => {
    if (text === filter.peek().q) return undefined;
    const timer = setTimeout(() => go({ filter: { ...filter.peek(), q: text } }, "replace"), 350);
    return () => clearTimeout(timer);
  }, [text]);
  return (
    <div class="search" role="search">
      <Icon name="search" />
      <input
        id="search" ref={input} type="search" value={text} placeholder="Search content" aria-label="Search the content of requests, in upper or lower case"
        spellcheck={false} autocomplete="off" onInput={(e) => setText(e.currentTarget.value)}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  );
}

/** What is filtered by most. */
function Quick(): JSX.Element {
  const f = filter.value;
  const errors = f.values.status?.includes("error") ?? false;
  return (
    <div class="quick" role="group" aria-label="Quick filters">
      <Toggle on={errors} text="Errors" change={() => go({ filter: errors ? withoutValue(f, "status", "error") : withValue(f, "status", "error") }, "replace")} />
      <Toggle on={f.states.includes("open")} text="Open" change={() => go({ filter: toggleState(f, "open") }, "replace")} />
      <Toggle on={f.states.includes("incomplete")} text="Incomplete" change={() => go({ filter: toggleState(f, "incomplete") }, "replace")} />
      <Toggle on={f.tools} text="Tools" change={() => go({ filter: { ...f, tools: !f.tools } }, "replace")} />
    </div>
  );
}

function Toggle({ on, text, change }: { on: boolean; text: string; change: () => void }): JSX.Element {
  return <button type="button" class={`toggle${on ? " on" : ""}`} aria-pressed={on} onClick={change}>{text}</button>;
}
