import type { JSX } from "preact";
import { copy } from "../app/announce";
import { Icon } from "./icons";

/** Copies a text that is made only when it is asked for. */
export function CopyButton({ text, what, label }: { text: () => string; what: string; label?: string }): JSX.Element {
  return (
    <button type="button" class="quiet" title={`Copy ${what}`} aria-label={label ? undefined : `Copy ${what}`} onClick={() => void copy(text(), capital(what))}>
      <Icon name="copy" />{label}
    </button>
  );
}

const capital = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

export function Setting({ text }: { text: string }): JSX.Element {
  return (
    <span class="setting">
      <code>{text}</code>
      <CopyButton text={() => text} what="setting" />
    </span>
  );
}
