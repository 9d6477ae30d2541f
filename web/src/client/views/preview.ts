// Words of a chat's row: who wrote what, as one line.
import { t } from "../../i18n/index.ts";
import type { Chat, Preview } from "../model/types.ts";

export interface Line {
  /** Before the text: "You" or, in groups, the first name. */
  readonly by?: string | undefined;
  readonly text: string;
  readonly kind?: "draft" | "typing" | "missed" | "waiting" | "failed" | undefined;
}

/** "Ayşegül" of "Ayşegül Öztürk"; titles are passed over. */
export function firstName(dn: string): string {
  const words = dn.trim().split(/\s+/u);
  return words.find((w) => !/\.$/.test(w)) ?? dn;
}

function what(p: Preview): string {
  if (p.what === undefined) return p.text;
  const word = t(`shell.what.${p.what}`);
  return p.text ? (p.what === "voice" || p.what === "video" ? `${word}, ${p.text}` : p.text) : word;
}

/** What the row says: typing before draft before the last message. `html` drafts come as plain text by the model. */
export function previewOf(chat: Chat, plain: (html: string) => string): Line {
  const [one, two, ...others] = chat.typing;
  if (one !== undefined) {
    if (!chat.group) return { kind: "typing", text: t("shell.typing.alone") };
    if (two === undefined) return { kind: "typing", text: t("shell.typing.one", { name: firstName(one) }) };
    return { kind: "typing", text: others.length > 0 ? t("shell.typing.many", { count: chat.typing.length }) : t("shell.typing.two", { one: firstName(one), two: firstName(two) }) };
  }
  const draft = chat.draft ? plain(chat.draft) : "";
  if (draft) return { kind: "draft", by: t("shell.row.draft"), text: draft };
  const p = chat.last;
  if (!p) return { text: chat.group ? t("shell.row.groupEmpty") : "" };
  if (p.what === "missed") return { kind: "missed", text: what(p) };
  const by = p.own ? t("shell.row.you") : chat.group ? firstName(p.sender) : undefined;
  return { by, text: what(p) };
}
