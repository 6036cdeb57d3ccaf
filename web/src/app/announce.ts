import { signal } from "@preact/signals";

/** What a screen reader says next; also shown for a moment as a note. */
export const announcement = signal<{ text: string; shown: boolean; n: number }>({ text: "", shown: false, n: 0 });

let forget: ReturnType<typeof setTimeout> | undefined;

export function announce(text: string, shown = false): void {
  clearTimeout(forget);
  announcement.value = { text, shown, n: announcement.value.n + 1 };
  forget = setTimeout(() => (announcement.value = { text: "", shown: false, n: announcement.value.n + 1 }), 4000);
}

/** Copies text and says so. */
export async function copy(text: string, what: string): Promise<void> {
  try {
    if (navigator.clipboard) await navigator.clipboard.writeText(text);
    else copyOldWay(text);
    announce(`${what} copied`, true);
  } catch {
    announce(`${what} could not be copied: the browser does not let this page use the clipboard`, true);
  }
}

/** For pages over plain HTTP, which have no clipboard of their own. */
function copyOldWay(text: string): void {
  const area = document.createElement("textarea");
  area.value = text;
  area.className = "off-screen";
  const had = document.activeElement;
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (had instanceof HTMLElement) had.focus();
  if (!copied) throw new Error("not copied");
}
