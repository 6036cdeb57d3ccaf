import type { JSX } from "preact";

const paths = {
  open: "M8 2.5a5.5 5.5 0 1 0 5.5 5.5",
  done: "M3.5 8.5l3 3 6-7",
  error: "M4 4l8 8M12 4l-8 8",
  incomplete: "M8 2.5v6M8 12.4v.2",
  pause: "M5.5 3.5v9M10.5 3.5v9",
  play: "M5 3.2l7 4.8-7 4.8z",
  follow: "M8 13V3.5M4 7l4-4 4 4",
  clear: "M3 4.5h10M6.5 4.5V3h3v1.5M4.5 4.5l.6 8.5h5.8l.6-8.5",
  filter: "M2.5 4h11M4.5 8h7M6.5 12h3",
  search: "M7 2.8a4.2 4.2 0 1 0 0 8.4 4.2 4.2 0 0 0 0-8.4M10.2 10.2l3.3 3.3",
  close: "M4 4l8 8M12 4l-8 8",
  up: "M4 10l4-4 4 4",
  down: "M4 6l4 4 4-4",
  link: "M6.8 9.2a2.6 2.6 0 0 0 3.7 0l2-2a2.6 2.6 0 0 0-3.7-3.7l-.8.8M9.2 6.8a2.6 2.6 0 0 0-3.7 0l-2 2a2.6 2.6 0 0 0 3.7 3.7l.8-.8",
  out: "M6.5 3.5h-3v9h9v-3M9 3.5h3.5V7M12.3 3.7L7 9",
  copy: "M5.5 5.5h7v7h-7zM3.5 10.5v-7h7",
  help: "M5.8 6.2a2.2 2.2 0 1 1 3.2 2c-.7.4-1 .8-1 1.5M8 12.2v.1",
  key: "M9.8 6.2a2.7 2.7 0 1 0-2.4 2.7l.9.9h1.4v1.4h1.4v1.4h2v-2L9.6 7.1z",
  tool: "M10 2.8a3 3 0 0 0-2.7 4.3L3 11.4 4.6 13l4.3-4.3A3 3 0 0 0 13 5.2l-1.9 1.2-1.4-1.4L11 3z",
} as const;

export type IconName = keyof typeof paths;

/** A picture that says nothing that its text does not. */
export function Icon({ name }: { name: IconName }): JSX.Element {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true" focusable="false">
      <path d={paths[name]} fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" />
    </svg>
  );
}
