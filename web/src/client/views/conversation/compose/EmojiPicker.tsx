import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { language, t } from "../../../../i18n/index.ts";
import { Skeleton } from "../../../../ui/parts.tsx";
import { setting } from "../../../../ui/settings.ts";
import { type Emoji, emojiOf, find, groups } from "./emojidata.ts";

const mostRecent = 24;
const isWords = (x: unknown): x is readonly string[] => Array.isArray(x) && x.every((y) => typeof y === "string" && y.length < 40);
const recent = setting<readonly string[]>("recentEmoji", [], isWords);

const heads: Readonly<Record<number, string>> = { 0: "😀", 1: "👋", 3: "🐻", 4: "🍎", 5: "🚗", 6: "⚽", 7: "💡", 8: "🔣", 9: "🏁" };

/** All emoji by group, found by words, with arrows in every direction. */
export default function EmojiPicker({ onPick }: { onPick: (emoji: string) => void }) {
  const all = useSignal<readonly Emoji[] | undefined>(undefined);
  const failed = useSignal(false);
  const query = useSignal("");
  const box = useRef<HTMLDivElement>(null);
  const search = useRef<HTMLInputElement>(null);
  const of = language.value;
  useEffect(() => {
    search.current?.focus({ preventScroll: true });
    emojiOf(of).then((x) => (all.value = x), () => (failed.value = true));
  }, [of]);
  const pick = (emoji: string) => {
    recent.value = [emoji, ...recent.value.filter((x) => x !== emoji)].slice(0, mostRecent);
    onPick(emoji);
  };
  const list = all.value;
  return (
    <div class="emoji-picker" onKeyDown={(e) => move(e, box.current, search.current)}>
      <input
        ref={search}
        class="in"
        type="search"
        aria-label={t("conversation.findEmoji")}
        placeholder={t("conversation.findEmoji")}
        value={query.value}
        onInput={(e) => (query.value = e.currentTarget.value)}
      />
      <div class="emoji-groups" role="group" aria-label={t("conversation.emojiGroups")}>
        {groups.map((g) => (
          <button key={g} type="button" aria-label={t(`conversation.emojiGroup.${g}`)} title={t(`conversation.emojiGroup.${g}`)} onClick={() => box.current?.querySelector(`[data-group="${g}"]`)?.scrollIntoView({ block: "start" })}>
            {heads[g]}
          </button>
        ))}
      </div>
      <div ref={box} class="emoji-list">
        {failed.value && <p class="hint">{t("conversation.emojiFailed")}</p>}
        {!list && !failed.value && <Skeleton kind="lines" />}
        {list && (query.value.trim() ? <Found list={find(list, query.value)} pick={pick} /> : <Groups list={list} pick={pick} />)}
      </div>
    </div>
  );
}

function Found({ list, pick }: { list: readonly Emoji[]; pick: (e: string) => void }) {
  if (list.length === 0) return <p class="hint" role="status">{t("conversation.noEmoji")}</p>;
  return <Grid list={list} pick={pick} />;
}

function Groups({ list, pick }: { list: readonly Emoji[]; pick: (e: string) => void }) {
  const known = new Map(list.map((e) => [e.emoji, e]));
  const last = recent.value.flatMap((e) => known.get(e) ?? []);
  return (
    <>
      {last.length > 0 && <Section title={t("conversation.recentEmoji")} list={last} pick={pick} />}
      {groups.map((g) => <Section key={g} group={g} title={t(`conversation.emojiGroup.${g}`)} list={list.filter((e) => e.group === g)} pick={pick} />)}
    </>
  );
}

function Section({ title, list, pick, group }: { title: string; list: readonly Emoji[]; pick: (e: string) => void; group?: number }) {
  return (
    <section data-group={group}>
      <h3>{title}</h3>
      <Grid list={list} pick={pick} />
    </section>
  );
}

function Grid({ list, pick }: { list: readonly Emoji[]; pick: (e: string) => void }) {
  return (
    <div class="emoji-grid">
      {list.map((e) => <button key={e.emoji} type="button" tabIndex={-1} aria-label={e.name} title={e.name} onClick={() => pick(e.emoji)}>{e.emoji}</button>)}
    </div>
  );
}

const columns = 8;

function move(e: KeyboardEvent, box: HTMLElement | null, search: HTMLInputElement | null): void {
  if (!box) return;
  const all = [...box.querySelectorAll<HTMLElement>(".emoji-grid button")];
  const at = all.indexOf(document.activeElement as HTMLElement);
  if (at < 0 && e.key === "Enter") {
    e.preventDefault();
    return void all[0]?.click();
  }
  const rtl = getComputedStyle(box).direction === "rtl" ? -1 : 1;
  const step = new Map([["ArrowDown", at < 0 ? 1 : columns], ["ArrowUp", -columns], ["ArrowRight", rtl], ["ArrowLeft", -rtl]]).get(e.key);
  if (step === undefined || (at < 0 && e.key !== "ArrowDown")) return;
  e.preventDefault();
  if (at + step < 0) search?.focus();
  else all[Math.min(all.length - 1, at + step)]?.focus();
}
