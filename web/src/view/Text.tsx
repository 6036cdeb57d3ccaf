import type { JSX } from "preact";
import { useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";
import { bytes } from "../text/format";
import { render } from "../text/markdown";
import { visible } from "../text/visible";
import { memo } from "./memo";

/** How much of a long text is shown at first, and with each further step. */
const firstStep = 20_000;
const step = 100_000;

/** A text of any length: the begin of it, and more when asked for. */
export function LongText({ text, markdown }: { text: string; markdown: boolean }): JSX.Element {
  const [most, setMost] = useState(firstStep);
  const rest = text.length - most;
  // A little more is better than a button.
  const whole = rest < 2000;
  const part = whole ? text : text.slice(0, most);
  return (
    <>
      {markdown ? <Markdown text={part} /> : <pre class="plain" dir="auto">{visible(part)}</pre>}
      {!whole && (
        <p class="more">
          <button type="button" onClick={() => setMost(most + step)}>Show {bytes(Math.min(rest, step))} more</button>
          <span class="muted">{bytes(rest)} left of {bytes(text.length)}</span>
        </p>
      )}
    </>
  );
}

/** Markdown as sanitised nodes; nothing in it is ever parsed as the page's HTML. */
const Markdown = memo(function Markdown({ text }: { text: string }): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const nodes = useMemo(() => {
    try {
      return render(text);
    } catch {
      return null; // what cannot be parsed is shown as it is
    }
  }, [text]);
  useLayoutEffect(() => place.current?.replaceChildren(nodes ?? visible(text)), [nodes]);
  return <div class="markdown" dir="auto" ref={place} />;
});
