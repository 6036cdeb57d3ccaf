/**
 * Makes characters visible that would change how the text around them is shown:
 * controls (a terminal's escapes among them) and those that turn the direction
 * of writing. Line breaks and tabs stay.
 */
export function visible(text: string): string {
  return unseen.test(text) ? text.replace(unseenAll, name) : text;
}

/** The same for one line: breaks and tabs are shown too. */
export function oneLine(text: string, most = 300): string {
  const cut = text.length > most ? `${text.slice(0, most)}…` : text;
  return visible(cut).replace(/\r\n|[\n\r\u2028\u2029]/g, "⏎").replaceAll("\t", " ");
}

const unseen = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]/;
const unseenAll = new RegExp(unseen, "g");

function name(c: string): string {
  const code = c.charCodeAt(0);
  if (code < 0x20) return String.fromCharCode(0x2400 + code);
  if (code === 0x7f) return "\u2421";
  // Marks for right-to-left text belong to it and turn nothing around.
  if (code === 0x200e || code === 0x200f || code === 0x61c || code === 0x2060 || code === 0xfeff) return c;
  return `⟨U+${code.toString(16).toUpperCase().padStart(4, "0")}⟩`;
}
