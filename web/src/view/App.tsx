import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { announcement } from "../app/announce";
import { listen } from "../app/keyboard";
import { route } from "../app/location";
import { seekCurrent } from "../app/selection";
import { waiting } from "../app/session";
import { clampSplit, split } from "../app/settings";
import { Banners } from "./Banners";
import { closeDetail, DetailPane } from "./Detail";
import { Filters } from "./Filters";
import { Help } from "./Help";
import { List } from "./List";
import { Login } from "./Login";
import { clearList, toggleFollow, togglePause, TopBar } from "./TopBar";

export function App(): JSX.Element {
  const open = route.value.id !== null;
  useEffect(
    () =>
      listen({
        close: closeDetail,
        pause: togglePause,
        follow: toggleFollow,
        clear: clearList,
        scroll: seekCurrent,
      }),
    [],
  );
  useEffect(() => {
    document.title = `${waiting.value > 0 ? `(${waiting.value}) ` : ""}LLM requests, live`;
  }, [waiting.value]);
  return (
    <div class={`app${open ? " with-detail" : ""}`} style={{ "--split": `${split.value * 100}%` }}>
      <a class="skip" href="#requests" onClick={(e) => {
        e.preventDefault();
        document.getElementById("requests")?.focus();
      }}>To the requests</a>
      <TopBar />
      <Filters />
      <Banners />
      <main class="panes">
        <List />
        {open && <Divider />}
        <DetailPane />
      </main>
      <Help />
      <Login />
      <Said />
    </div>
  );
}

function Said(): JSX.Element {
  const { text, shown: visible } = announcement.value;
  return <p class={visible ? "toast" : "off-screen"} role="status">{text}</p>;
}

/** Between list and detail: dragged, or moved by the arrow keys. */
function Divider(): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const drag = (e: PointerEvent): void => {
    const panes = place.current?.parentElement?.getBoundingClientRect();
    if (panes && e.buttons > 0) split.value = clampSplit((panes.right - e.clientX) / panes.width);
  };
  const key = (e: KeyboardEvent): void => {
    const by = { ArrowLeft: 0.02, ArrowRight: -0.02 }[e.key];
    if (by === undefined) return;
    e.preventDefault();
    split.value = clampSplit(split.value + by);
  };
  return (
    <div
      class="divide" ref={place} role="separator" aria-orientation="vertical" aria-label="Width of the request" tabIndex={0}
      aria-valuemin={30} aria-valuemax={80} aria-valuenow={Math.round(split.value * 100)}
      onPointerDown={(e) => e.currentTarget.setPointerCapture(e.pointerId)} onPointerMove={drag} onKeyDown={key}
    />
  );
}
