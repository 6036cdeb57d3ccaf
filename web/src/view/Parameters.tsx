import type { JSX } from "preact";
import type { Snapshot, Usage } from "../api/types";
import { primaryCall } from "../model/rows";
import { count } from "../text/format";
import { oneLine } from "../text/visible";
import { JsonTree } from "./JsonTree";

/** What the request asked the model for, what it cost, and everything else its span says. */
export function Parameters({ envelope }: { envelope: Snapshot }): JSX.Element | null {
  const call = primaryCall(envelope);
  const attributes = Object.entries(call?.attributes ?? {});
  const parameters = attributes.filter(([key]) => key.startsWith("gen_ai.request."));
  const others = attributes.filter(([key]) => !key.startsWith("gen_ai.request."));
  const usage = envelope.usage ?? call?.usage;
  if (attributes.length === 0 && !usage && !call?.response_id) return null;
  return (
    <section class="parameters" aria-label="Parameters and tokens">
      {parameters.length > 0 && <Facts title="Parameters" facts={parameters.map(([key, value]) => [key.slice("gen_ai.request.".length), value])} />}
      {usage && <Facts title="Tokens" facts={tokens(usage)} />}
      {call?.response_id && <Facts title="Response" facts={[["id", call.response_id], ...(call.response_model ? [["model", call.response_model] as const] : [])]} />}
      {others.length > 0 && (
        <details class="fold">
          <summary>Attributes <span class="muted">{others.length}</span></summary>
          <JsonTree value={Object.fromEntries(others)} />
        </details>
      )}
    </section>
  );
}

function tokens(u: Usage): (readonly [string, unknown])[] {
  const all: readonly (readonly [string, number | undefined])[] = [
    ["input", u.input_tokens],
    ["from cache", u.cache_read_input_tokens],
    ["to cache", u.cache_write_input_tokens],
    ["output", u.output_tokens],
    ["reasoning", u.reasoning_output_tokens],
  ];
  return all.filter(([, n]) => n !== undefined).map(([name, n]) => [name, count(n)] as const);
}

function Facts({ title, facts }: { title: string; facts: readonly (readonly [string, unknown])[] }): JSX.Element {
  return (
    <div class="facts">
      <h3>{title}</h3>
      <dl>
        {facts.map(([name, value]) => (
          <div key={name}>
            <dt><bdi>{oneLine(name, 80)}</bdi></dt>
            <dd><bdi>{typeof value === "object" ? oneLine(JSON.stringify(value)) : oneLine(String(value))}</bdi></dd>
          </div>
        ))}
      </dl>
    </div>
  );
}
