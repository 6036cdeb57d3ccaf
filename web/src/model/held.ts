import type { Row, Rows } from "./rows";

/** What a list shows while it is paused. */
export interface Held {
  readonly rows: readonly Row[];
  readonly keys: ReadonlySet<string>;
}

export function hold(rows: Rows): Held {
  return below({ rows: [], keys: new Set() }, rows.newest(() => true));
}

/** The same with older rows below it. */
export function below(held: Held, older: readonly Row[]): Held {
  return { rows: [...held.rows, ...older], keys: new Set([...held.keys, ...older.map((row) => row.key)]) };
}
