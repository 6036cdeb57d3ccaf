import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { memo } from "./memo";
import { go, href, route } from "../app/location";
import { addressOf, current, position, setCurrent, sought } from "../app/selection";
import { follow, loaded, loadOlder, now, older, shown } from "../app/session";
import { failureMessage, failureType } from "../model/failure";
import { outcome, type Row } from "../model/rows";
import { clock, count, dateTime, duration } from "../text/format";
import { ofInput, ofOutput } from "../text/tokens";
import { oneLine } from "../text/visible";
import { NoRows } from "./Empty";
import { Icon } from "./icons";
import { StatePill } from "./State";
import { useMedia } from "./useMedia";
import { useVirtual } from "./useVirtual";

interface Column {
  readonly name: string;
  readonly className: string;
  readonly title?: string;
}

const columns: readonly Column[] = [
  { name: "State", className: "c-state" },
  { name: "Time", className: "c-time" },
  { name: "Service", className: "c-service" },
  { name: "Model", className: "c-model" },
  { name: "Provider", className: "c-provider" },
  { name: "Operation", className: "c-operation" },
  { name: "Duration", className: "c-duration num" },
  { name: "First chunk", className: "c-first num", title: "Time to the first chunk of the answer" },
  { name: "In", className: "c-in num", title: "Input tokens" },
  { name: "Out", className: "c-out num", title: "Output tokens" },
  { name: "Tools", className: "c-tools num", title: "Tool calls that the answer asks for" },
  { name: "Conversation", className: "c-conversation" },
  { name: "Finish", className: "c-finish", title: "Why the answer ended" },
];

export function List(): JSX.Element {
  const rows = shown.value;
  const narrow = useMedia("(max-width: 700px)");
  const height = narrow ? 62 : 30;
  const head = narrow ? 0 : 30;
  const place = useRef<HTMLDivElement>(null);
  const active = rows.findIndex((row) => row.key === current.value);
  const open = route.value.id === null ? -1 : position();
  const virtual = useVirtual({
    count: rows.length,
    getScrollElement: () => place.current,
    estimateSize: () => height,
    overscan: 12,
    scrollMargin: head,
    scrollPaddingStart: head,
  });
  useLayoutEffect(() => virtual.measure(), [height, head]);
  useAnchor(place, rows, height);
  useEffect(() => {
    if (active >= 0 && sought.value > 0) virtual.scrollToIndex(active, { align: "auto" });
  }, [sought.value]);
  const { more, busy } = older.value;
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? 0;
  useEffect(() => {
    if (rows.length > 0 && last >= rows.length - 40 && more && !busy) void loadOlder();
  }, [last, rows.length, more, busy]);

  const onScroll = (): void => {
    const top = place.current?.scrollTop ?? 0;
    follow.value = top < height;
  };
  return (
    <div class="list">
      <div
        class="list-scroll" ref={place} onScroll={onScroll} tabIndex={0} role="grid" id="requests"
        aria-label="LLM requests, newest first" aria-rowcount={rows.length + 1} aria-readonly="true"
        aria-activedescendant={active >= 0 && items.some((i) => i.index === active) ? `row-${active}` : undefined}
        aria-busy={!loaded.value}
      >
        <div class="row head" role="row" aria-rowindex={1}>
          {columns.map((c) => (
            <span key={c.name} class={c.className} role="columnheader" title={c.title}>{c.name}</span>
          ))}
        </div>
        <div class="rows" role="presentation" style={{ height: `${virtual.getTotalSize()}px` }}>
          {items.map((item) => {
            const row = rows[item.index];
            return row && (
              <ListRow
                key={row.key} row={row} index={item.index} top={item.start - head} active={item.index === active}
                selected={item.index === open} tick={row.state === "open" ? now.value : 0}
              />
            );
          })}
        </div>
      </div>
      {rows.length === 0 && <div class="list-instead"><NoRows /></div>}
      {rows.length > 0 && busy && last >= rows.length - 2 && <p class="list-foot">Loading older requests…</p>}
      <NewerButton place={place} height={height} />
    </div>
  );
}

/** Keeps what is looked at where it is while newer rows come above it. */
function useAnchor(place: { current: HTMLDivElement | null }, rows: readonly Row[], height: number): void {
  const before = useRef<readonly Row[]>([]);
  useLayoutEffect(() => {
    const had = before.current;
    before.current = rows;
    const element = place.current;
    if (!element || had === rows || had.length === 0) return;
    if (follow.peek()) {
      if (element.scrollTop !== 0) element.scrollTop = 0;
      return;
    }
    const first = Math.min(had.length - 1, Math.floor(element.scrollTop / height));
    const key = had[first]?.key;
    const at = rows.findIndex((row) => row.key === key);
    if (at < 0 || at === first) return;
    element.scrollTop += (at - first) * height;
    // At once, not with the next frame: rows for the new place are drawn before the old are seen.
    element.dispatchEvent(new Event("scroll"));
  });
}

function NewerButton({ place, height }: { place: { current: HTMLDivElement | null }; height: number }): JSX.Element | null {
  if (follow.value || shown.value.length === 0) return null;
  const above = Math.round((place.current?.scrollTop ?? 0) / height);
  return (
    <button type="button" class="newer" onClick={() => followNewest()}>
      <Icon name="follow" /> {above > 0 ? `${count(above)} newer` : "Newest"}
    </button>
  );
}

export function followNewest(): void {
  follow.value = true;
  document.getElementById("requests")?.scrollTo({ top: 0 });
}

interface RowProps {
  row: Row;
  index: number;
  top: number;
  active: boolean;
  selected: boolean;
  /** Changes when what grows older by itself is to be shown anew. */
  tick: number;
}

const ListRow = memo(function ListRow({ row, index, top, active, selected, tick }: RowProps): JSX.Element {
  const state = outcome(row);
  const open = (e: MouseEvent): void => {
    if (e.metaKey || e.ctrlKey || e.shiftKey || e.button !== 0) return;
    e.preventDefault();
    setCurrent(row.key);
    go(addressOf(row));
  };
  const running = row.state === "open" && tick > 0 ? Math.max(0, tick - row.seenAt) * 1e6 : undefined;
  return (
    <div
      class={`row item state-${state}${active ? " active" : ""}${selected ? " selected" : ""}`} role="row" id={`row-${index}`}
      aria-rowindex={index + 2} aria-selected={selected} style={{ transform: `translateY(${top}px)` }} onClick={open}
    >
      <span class="c-state" role="gridcell"><StatePill state={state} /></span>
      <span class="c-time" role="gridcell" title={dateTime(row.startedAt)}>
        <a href={href({ ...addressOf(row), view: "transcript" })} tabIndex={-1} draggable={false} onClick={open}>{clock(row.startedAt)}</a>
      </span>
      <Cell name="c-service" value={row.service} />
      <ModelCell row={row} />
      <Cell name="c-provider" value={row.provider} />
      <Cell name="c-operation" value={row.operation ?? row.kind} />
      <span class={`c-duration num${running === undefined ? "" : " running"}`} role="gridcell" title={running === undefined ? undefined : "Going on for so long"}>
        {row.durationNs === undefined ? (running === undefined ? "" : seconds(running)) : duration(row.durationNs)}
      </span>
      <span class="c-first num" role="gridcell">{duration(row.firstChunkNs)}</span>
      <span class="c-in num" role="gridcell" title={inputHint(row)}>{count(row.usage?.input_tokens)}</span>
      <span class="c-out num" role="gridcell" title={outputHint(row)}>{count(row.usage?.output_tokens)}</span>
      <span class="c-tools num" role="gridcell">{row.toolCalls > 0 ? row.toolCalls : ""}</span>
      <Cell name="c-conversation" value={row.conversation} />
      <FinishCell row={row} />
    </div>
  );
});

function Cell({ name, value, hint, strong }: { name: string; value: string | undefined; hint?: string | undefined; strong?: boolean }): JSX.Element {
  const text = value === undefined ? "" : oneLine(value);
  return (
    <span class={name} role="gridcell" title={hint ?? (text || undefined)}>
      {strong ? <b><bdi>{text}</bdi></b> : <bdi>{text}</bdi>}
    </span>
  );
}

/** The model; what has none shows its name, and its service where that has no column. */
function ModelCell({ row }: { row: Row }): JSX.Element {
  const model = row.model ?? row.responseModel;
  if (model === undefined && row.name === undefined) {
    return <span class="c-model" role="gridcell"><bdi class="instead">{oneLine(row.service ?? "")}</bdi></span>;
  }
  return <Cell name="c-model" value={model ?? row.name} strong={model !== undefined} hint={modelHint(row)} />;
}

function FinishCell({ row }: { row: Row }): JSX.Element {
  const failed = row.status === "error";
  const text = oneLine(failed ? failureType(row.error) || failureMessage(row.error) || "error" : (row.finishReasons ?? []).map(String).join(", "));
  const hint = failed ? oneLine([failureType(row.error), failureMessage(row.error)].filter(Boolean).join(": ")) : text;
  return <span class={`c-finish${failed ? " failed" : ""}`} role="gridcell" title={hint || undefined}><bdi>{text}</bdi></span>;
}

const seconds = (ns: number): string => `${Math.floor(ns / 1e9)} s…`;

function modelHint(row: Row): string | undefined {
  if (!row.responseModel || row.responseModel === row.model) return undefined;
  return oneLine(`${row.model ?? "unknown"} asked for, ${row.responseModel} answered`);
}

function inputHint(row: Row): string | undefined {
  const u = row.usage;
  if (u?.input_tokens === undefined) return undefined;
  return [`${count(u.input_tokens)} input tokens`, ...ofInput(u)].join(", ");
}

function outputHint(row: Row): string | undefined {
  const u = row.usage;
  if (u?.output_tokens === undefined) return undefined;
  return [`${count(u.output_tokens)} output tokens`, ...ofOutput(u)].join(", ");
}

