import { signal } from "@preact/signals";

export const filtersOpen = signal(false);
export const helpOpen = signal(false);
