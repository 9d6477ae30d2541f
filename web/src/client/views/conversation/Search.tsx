import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { number } from "../../../ui/format.ts";
import { Icon } from "../../../ui/Icon.tsx";
import type { Hit } from "../../model/types.ts";
import { usePane } from "./pane.ts";

const pause = 250;

/** Finds in this chat: Enter goes to older hits, Shift Enter to newer ones. */
export function Search() {
  const pane = usePane();
  const field = useRef<HTMLInputElement>(null);
  const query = useSignal("");
  const hits = useSignal<readonly Hit[] | undefined>(undefined);
  const more = useSignal(false);
  const at = useSignal(0);
  const words = query.value.trim();
  const close = () => (pane.searching.value = false);
  useLayoutEffect(() => {
    field.current?.focus();
    return () => void (pane.marks.value = []);
  }, []);
  useEffect(() => {
    if (words.length < 2) {
      hits.value = undefined;
      pane.marks.value = [];
      return;
    }
    let alive = true;
    const timer = setTimeout(() => {
      pane.model.search(words, { chat: pane.chat }).then((r) => {
        if (!alive) return;
        hits.value = r.hits;
        more.value = r.more;
        at.value = 0;
        pane.marks.value = [words];
        const first = r.hits[0];
        if (first) void pane.acts.jump({ id: first.id });
      }, pane.acts.failed);
    }, pause);
    return () => {
      alive = false;
      clearTimeout(timer);
    };
  }, [words]);

  const step = async (by: 1 | -1) => {
    const list = hits.value ?? [];
    let to = at.value + by;
    const last = list[list.length - 1];
    if (to >= list.length && more.value && last) {
      const r = await pane.model.search(words, { chat: pane.chat, before: last.id }).catch(pane.acts.failed);
      if (r) {
        hits.value = [...list, ...r.hits];
        more.value = r.more;
      }
    }
    const count = hits.value?.length ?? 0;
    if (count === 0) return;
    to = (to + count) % count;
    at.value = to;
    const hit = hits.value?.[to];
    if (hit) await pane.acts.jump({ id: hit.id });
  };
  const count = hits.value?.length ?? 0;
  return (
    <div class="find" role="search">
      <Icon name="search" small />
      <input
        ref={field}
        type="search"
        dir="auto"
        aria-label={t("conversation.search")}
        placeholder={t("conversation.search")}
        value={query.value}
        onInput={(e) => (query.value = e.currentTarget.value)}
        onKeyDown={(e) => {
          if (e.key === "Enter") void step(e.shiftKey ? -1 : 1);
          else if (e.key === "Escape") close();
          else return;
          e.preventDefault();
          e.stopPropagation();
        }}
      />
      <span class="num find-n" role="status">
        {hits.value && (count === 0 ? t("conversation.noHits") : t("conversation.hitOf", { at: number(at.value + 1), count: `${number(count)}${more.value ? "+" : ""}` }))}
      </span>
      <IconButton icon="up" size="s" label={t("conversation.olderHit")} keys="Enter" disabled={count === 0} onClick={() => void step(1)} />
      <IconButton icon="down" size="s" label={t("conversation.newerHit")} keys="Shift Enter" disabled={count === 0} onClick={() => void step(-1)} />
      <IconButton icon="close" size="s" label={t("ui.close")} keys="Esc" onClick={close} />
    </div>
  );
}
