import { t } from "../../../../i18n/index.ts";
import { list, number } from "../../../../ui/format.ts";
import type { Message } from "../../../model/types.ts";
import { mayOf, usePane } from "../pane.ts";

/** Quick ones, in the pill and above the menu. */
export const quick = ["👍", "❤️", "😂", "😮", "🎉", "🙏"] as const;

export function Reactions({ m }: { m: Message }) {
  const pane = usePane();
  const may = mayOf(pane, m).react;
  return (
    <div class="rx" role="group" aria-label={t("conversation.reactions")}>
      {m.reactions.map((r) => (
        <button
          key={r.emoji}
          type="button"
          class={r.own ? "mine" : undefined}
          aria-pressed={r.own}
          disabled={!may}
          tabIndex={-1}
          title={who(r.people, r.count)}
          onClick={() => pane.acts.react(m, r.emoji)}
        >
          <span>{r.emoji}</span> <span class="num">{number(r.count)}</span>
        </button>
      ))}
    </div>
  );
}

function who(people: readonly string[], count: number): string {
  const some = people.slice(0, 10);
  const more = count - some.length;
  return some.length === 0 ? "" : more > 0 ? t("conversation.andMore", { names: some.join(", "), count: more }) : list(some);
}

/** The row of quick reactions above the menu of a message. */
export function QuickRow({ m, done, more }: { m: Message; done: (emoji: string) => void; more?: () => void }) {
  return (
    <div class="quick" role={more ? "none" : "group"} aria-label={more ? undefined : t("conversation.react")}>
      {quick.map((emoji) => (
        <button key={emoji} type="button" role={more ? "menuitem" : undefined} tabIndex={more ? -1 : 0} class={m.reactions.some((r) => r.own && r.emoji === emoji) ? "mine" : undefined} aria-label={t("conversation.reactWith", { emoji })} onClick={() => done(emoji)}>
          {emoji}
        </button>
      ))}
      {more && (
        <button type="button" role="menuitem" tabIndex={-1} aria-label={t("conversation.moreEmoji")} onClick={more}>
          +
        </button>
      )}
    </div>
  );
}
