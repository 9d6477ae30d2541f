// What the pages of registrations and calls share: a list that lives, narrowed by words.
import type { ComponentChildren } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { number } from "../../../ui/format.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { useKeys } from "../../../ui/keys.ts";
import { Banner, Empty, Skeleton } from "../../../ui/parts.tsx";
import { ask, type Part } from "../../api.ts";
import { usePoll } from "../../poll.ts";
import { Table, type Column } from "../../Table.tsx";
import { PauseKey } from "../Dashboard.tsx";

/** As many as the switch answers at once; there is no second page of what changes all the time. */
const most = 100_000;

export interface LiveListProps<T> {
  /** Page and resource: registrations, calls. */
  resource: "registrations" | "calls";
  keyOf: (row: T) => string;
  columns: readonly Column<T>[];
  /** What is searched. */
  words: (row: T) => string;
  valueOf: (row: T, column: string) => string | number;
  /** The drawer of the open row. */
  drawer: (row: T, close: () => void, again: () => void) => ComponentChildren;
}

export function LiveList<T>({ resource, keyOf, columns, words, valueOf, drawer }: LiveListProps<T>) {
  const [query, setQuery] = useState("");
  const [sort, setSort] = useState("-since");
  const [open, setOpen] = useState<string | undefined>();
  const box = useRef<HTMLInputElement>(null);
  const poll = usePoll((signal) => ask<Part<T>>("GET", [resource], { query: { limit: most }, signal }), 3000);
  const all = poll.value.value?.items;
  const rows = useMemo(() => arrange(all ?? [], query, sort, words, valueOf), [all, query, sort]);
  const row = open === undefined ? undefined : all?.find((r) => keyOf(r) === open);
  useKeys(() => [{ keys: "/", word: () => t("consoleLive.search"), run: () => box.current?.focus() }]);
  return (
    <>
      <header>
        <h1>{t(`consoleMenu.pages.${resource}`)}</h1>
        {all && <span class="hint num">{t("consoleLive.count", { count: all.length, shown: number(all.length) })}</span>}
        <span class="grow" />
        <PauseKey poll={poll} />
      </header>
      <div class="body fill">
        {poll.error.value && <Banner cord="carmine" icon="offline" fact={poll.error.value} act={{ word: t("ui.tryAgain"), run: () => poll.again() }} />}
        <div class="toolbar">
          <label class="search">
            <Icon name="search" small />
            <input ref={box} value={query} aria-label={t("consoleLive.search")} placeholder={t("consoleLive.search")} onInput={(e) => setQuery(e.currentTarget.value)} />
            <span class="kbd">/</span>
          </label>
          {query && all && <span class="hint num">{t("consoleLive.match", { count: rows.length, shown: number(rows.length) })}</span>}
        </div>
        {!all && !poll.error.value && <Skeleton kind="table" late={t("ui.loadingLong")} />}
        {all && rows.length === 0 && <Empty title={t(all.length === 0 ? `consoleLive.none.${resource}` : "consoleLive.noMatch")} />}
        {rows.length > 0 && (
          <Table label={t(`consoleMenu.pages.${resource}`)} rows={rows} keyOf={keyOf} columns={columns} sort={sort} onSort={setSort} open={open} onOpen={(r) => setOpen(keyOf(r))} />
        )}
      </div>
      {row && drawer(row, () => setOpen(undefined), () => poll.again())}
    </>
  );
}

/** The rows that have all words, in order. */
export function arrange<T>(all: readonly T[], query: string, sort: string, words: (row: T) => string, valueOf: (row: T, column: string) => string | number): readonly T[] {
  const wanted = query.toLowerCase().split(/\s+/).filter(Boolean);
  const found = wanted.length === 0 ? [...all] : all.filter((r) => wanted.every((w) => words(r).toLowerCase().includes(w)));
  const down = sort.startsWith("-");
  const column = down ? sort.slice(1) : sort;
  const keyed = found.map((row) => ({ row, value: valueOf(row, column) }));
  keyed.sort((a, b) => (a.value < b.value ? -1 : a.value > b.value ? 1 : 0) * (down ? -1 : 1));
  return keyed.map((k) => k.row);
}
