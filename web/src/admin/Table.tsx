// Lists of the console: any number of rows, of which only those in view are drawn.
import type { ComponentChildren } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { cx } from "../ui/cx.ts";
import { Icon } from "../ui/Icon.tsx";
import { useKeys } from "../ui/keys.ts";
import { VirtualList, type ListHandle } from "../ui/VirtualList.tsx";

export interface Column<T> {
  readonly id: string;
  readonly word: string;
  /** Share of the width, as in grid-template-columns: "86px", "minmax(0,2fr)". Names a token class w-<width>. */
  readonly width: Width;
  readonly num?: boolean | undefined;
  /** Clicking the head sorts by it. */
  readonly sort?: boolean | undefined;
  /** Only where there is room: a phone leaves it out. */
  readonly more?: boolean | undefined;
  readonly cell: (row: T) => ComponentChildren;
}

/** Shares and fixed widths that columns may have; table.css knows them. */
export type Width = "s" | "m" | "l" | "xl" | "1" | "2" | "3";

const widths: Readonly<Record<Width, string>> = {
  s: "var(--z-72)", m: "var(--z-112)", l: "var(--z-150)", xl: "var(--z-220)",
  "1": "minmax(0,1fr)", "2": "minmax(0,2fr)", "3": "minmax(0,3fr)",
};

export interface TableProps<T> {
  label: string;
  rows: readonly T[];
  keyOf: (row: T) => string;
  /** How a row is called where it is chosen; without it, by its key. */
  nameOf?: ((row: T) => string) | undefined;
  /** How many rows there are with those that are not loaded yet. */
  total?: number | undefined;
  columns: readonly Column<T>[];
  /** The column it is sorted by; with "-" in front downwards. */
  sort?: string | undefined;
  onSort?: ((sort: string) => void) | undefined;
  /** Key of the open row. */
  open?: string | undefined;
  onOpen?: ((row: T) => void) | undefined;
  /** Keys of the chosen rows; without it rows cannot be chosen. */
  chosen?: ReadonlySet<string> | undefined;
  onChoose?: ((chosen: ReadonlySet<string>) => void) | undefined;
  /** The last rows are near: load more. */
  onEnd?: (() => void) | undefined;
  /** The rows in view have changed. */
  onRange?: ((first: number, last: number) => void) | undefined;
}

/** A table by grid, with the roles of one. J, K and Enter move and open. */
export function Table<T>(p: TableProps<T>) {
  const [at, setAt] = useState(-1);
  const handle = useRef<ListHandle>(null);
  const head = useRef<HTMLDivElement>(null);
  const template = [p.chosen ? "var(--z-36)" : "", ...p.columns.map((c) => widths[c.width])].filter(Boolean).join(" ");
  useEffect(() => head.current?.parentElement?.style.setProperty("--cols", template), [template]);
  const move = (by: number) => {
    const to = Math.min(p.rows.length - 1, Math.max(0, at + by));
    setAt(to);
    handle.current?.scrollToIndex(to);
  };
  useKeys(
    () => [
      { keys: "J", word: () => t("consoleTable.down"), run: () => move(1) },
      { keys: "K", word: () => t("consoleTable.up"), run: () => move(-1) },
      {
        keys: "Enter",
        word: () => t("consoleTable.open"),
        run: (e) => {
          const row = p.rows[at];
          if (!row || !p.onOpen || (e.target as Element).closest("button, a, input, select, .drawer")) return false;
          p.onOpen(row);
          return true;
        },
      },
    ],
    [at, p.rows, p.onOpen],
  );
  const all = p.chosen !== undefined && p.rows.length > 0 && p.chosen.size >= p.rows.length;
  return (
    <div class="table" role="table" aria-label={p.label} aria-rowcount={p.total ?? p.rows.length}>
      <div class="thead" role="row" ref={head}>
        {p.chosen && (
          <span role="columnheader">
            <input type="checkbox" class="ck" aria-label={t("consoleTable.all")} checked={all} onChange={() => p.onChoose?.(all ? new Set() : new Set(p.rows.map(p.keyOf)))} />
          </span>
        )}
        {p.columns.map((c) => (
          <Head key={c.id} column={c} sort={p.sort} onSort={p.onSort} />
        ))}
      </div>
      <VirtualList
        count={p.rows.length}
        keyOf={(i) => {
          const row = p.rows[i];
          return row === undefined ? String(i) : p.keyOf(row);
        }}
        estimate={40}
        role="rowgroup"
        rowRole="presentation"
        handle={handle}
        onRange={(first, last) => {
          p.onRange?.(first, Math.min(last, p.rows.length - 1));
          if (last >= p.rows.length - 20) p.onEnd?.();
        }}
        render={(i) => {
          const row = p.rows[i];
          return row !== undefined && <Row p={p} row={row} on={i === at} onPress={() => setAt(i)} />;
        }}
      />
    </div>
  );
}

function Head<T>({ column: c, sort, onSort }: { column: Column<T>; sort: string | undefined; onSort: ((sort: string) => void) | undefined }) {
  const up = sort === c.id;
  const down = sort === `-${c.id}`;
  const direction = up ? "ascending" : down ? "descending" : undefined;
  return (
    <span role="columnheader" class={cx(c.num && "num", c.more && "only-wide")} aria-sort={direction}>
      {c.sort && onSort ? (
        <button class="so" onClick={() => onSort(up ? `-${c.id}` : c.id)}>
          {c.word}
          {direction && <Icon name={up ? "up" : "down"} small />}
        </button>
      ) : (
        c.word
      )}
    </span>
  );
}

function Row<T>({ p, row, on, onPress }: { p: TableProps<T>; row: T; on: boolean; onPress: () => void }) {
  const key = p.keyOf(row);
  const chosen = p.chosen?.has(key) ?? false;
  return (
    <div
      class={cx("trow", p.open === key && "open", chosen && "sel", on && "at", p.onOpen && "acts-on")}
      role="row"
      onClick={(e) => {
        onPress();
        if (!(e.target as Element).closest("button, a, input")) p.onOpen?.(row);
      }}
    >
      {p.chosen && (
        <span role="cell">
          <input
            type="checkbox"
            class="ck"
            aria-label={t("consoleTable.choose", { name: p.nameOf?.(row) ?? key })}
            checked={chosen}
            onChange={() => {
              const next = new Set(p.chosen);
              if (!next.delete(key)) next.add(key);
              p.onChoose?.(next);
            }}
          />
        </span>
      )}
      {p.columns.map((c) => (
        <span key={c.id} role="cell" class={cx(`c-${c.id}`, c.num && "num", c.more && "only-wide")}>
          {c.cell(row)}
        </span>
      ))}
    </div>
  );
}
