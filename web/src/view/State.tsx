import type { JSX } from "preact";
import type { Outcome } from "../model/rows";
import { Icon } from "./icons";

export const outcomeHints: Record<Outcome, string> = {
  open: "Going on: its end was not seen yet",
  done: "Ended, and all there is of it was seen",
  error: "Ended with an error",
  incomplete: "Left before its end was seen, or without something of it",
};

export function StatePill({ state }: { state: Outcome }): JSX.Element {
  return (
    <span class={`pill pill-${state}`} title={outcomeHints[state]}>
      <Icon name={state} />
      <span>{state}</span>
    </span>
  );
}
