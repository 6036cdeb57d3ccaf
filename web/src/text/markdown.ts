import DOMPurify from "dompurify";
import { Marked, type Tokens } from "marked";
import { visible } from "./visible";

// HTML in a message is text of the message: it is shown, never rendered. What
// Markdown makes is sanitised all the same. Images are named, not loaded; links
// say where they lead and are followed only when somebody clicks.

function escape(text: string): string {
  return text.replace(/[&<>"']/g, (c) => `&#${c.charCodeAt(0)};`);
}

/** The host of a link that may be followed, null for any other. */
function target(href: string): URL | null {
  try {
    const url = new URL(href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url : null;
  } catch {
    return null;
  }
}

const markdown = new Marked({
  gfm: true,
  breaks: true,
  async: false,
  renderer: {
    html(token: Tokens.HTML | Tokens.Tag) {
      return escape(token.text).replaceAll("\n", "<br>");
    },
    image(token: Tokens.Image) {
      return `<span class="media-inline">image${token.text ? `: ${escape(token.text)}` : ""} · ${escape(token.href)} · not loaded</span>`;
    },
    link(token: Tokens.Link) {
      const inner = this.parser.parseInline(token.tokens);
      const url = target(token.href);
      if (!url) return `${inner} <span class="host">(${escape(token.href)})</span>`;
      const anchor = `<a href="${escape(url.href)}" title="${escape(url.href)}">${inner}</a>`;
      const said = token.text.trim().replace(/\/$/, "") === token.href.replace(/^mailto:|\/$/g, "");
      return said ? anchor : `${anchor} <span class="host">(${escape(url.host || url.pathname)})</span>`;
    },
    // The page has headings of its own.
    heading(token: Tokens.Heading) {
      const level = Math.min(6, token.depth + 3);
      return `<h${level}>${this.parser.parseInline(token.tokens)}</h${level}>`;
    },
    checkbox(token: { checked: boolean }) {
      return token.checked ? "☑ " : "☐ ";
    },
  },
});

const allowed = {
  ALLOWED_TAGS: [
    "a", "blockquote", "br", "code", "del", "em", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre",
    "span", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
  ],
  ALLOWED_ATTR: ["href", "title", "class", "start", "align"],
  ADD_URI_SAFE_ATTR: ["start"],
  ALLOWED_URI_REGEXP: /^(?:https?|mailto):/i,
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  RETURN_DOM_FRAGMENT: true as const,
};

DOMPurify.addHook("afterSanitizeAttributes", (node) => {
  if (node.nodeName !== "A") return;
  node.setAttribute("rel", "noopener noreferrer nofollow");
  node.setAttribute("target", "_blank");
});

/** What a message says in Markdown, as nodes that are safe to show. */
export function render(text: string): DocumentFragment {
  return DOMPurify.sanitize(markdown.parse(visible(text)) as string, allowed);
}
