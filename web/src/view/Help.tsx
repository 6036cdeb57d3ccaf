import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { helpOpen } from "../app/panels";
import { Icon } from "./icons";

const keys: readonly (readonly [string, string])[] = [
  ["j / k or ↓ / ↑", "next, previous request"],
  ["Enter", "open the request"],
  ["Esc", "close it; leave the search"],
  ["g / G", "first, last of the list"],
  ["/", "search"],
  ["p", "pause, go on"],
  ["f", "follow the newest"],
  ["c", "clear the list"],
  ["e", "errors only"],
  ["1 – 4", "transcript, timeline, calls, raw"],
  ["m", "Markdown, plain, raw"],
  ["y", "copy the permalink"],
  ["o", "open the trace"],
  ["?", "this help"],
];

export function Help(): JSX.Element | null {
  const place = useRef<HTMLDialogElement>(null);
  const open = helpOpen.value;
  useEffect(() => {
    if (open) place.current?.showModal();
  }, [open]);
  if (!open) return null;
  const close = (): void => {
    helpOpen.value = false;
  };
  return (
    <dialog ref={place} class="help" aria-labelledby="help-title" onClose={close} onClick={(e) => e.target === place.current && place.current?.close()}>
      <header>
        <h2 id="help-title">Keyboard</h2>
        <button type="button" class="quiet" aria-label="Close help" onClick={() => place.current?.close()}><Icon name="close" /></button>
      </header>
      <dl>{keys.map(([key, what]) => <div key={key}><dt><kbd>{key}</kbd></dt><dd>{what}</dd></div>)}</dl>
      <h3>States</h3>
      <p><b>open</b>: going on. <b>done</b>: ended, all seen. <b>error</b>: ended with an error. <b>incomplete</b>: left before its end was seen, or something of it was dropped or cut off.</p>
    </dialog>
  );
}
