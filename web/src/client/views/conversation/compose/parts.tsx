import { t } from "../../../../i18n/index.ts";
import { cx } from "../../../../ui/cx.ts";
import { size } from "../../../../ui/format.ts";
import type { Mention, Pane } from "../pane.ts";
import { escape, maxText } from "./serialize.ts";

/** How long the text is, once that matters. */
export function Length({ bytes }: { bytes: number }) {
  const over = bytes > maxText;
  return <span class={cx("length", over && "over")} role="status">{t(over ? "conversation.tooLong" : "conversation.length", { size: size(bytes), most: size(maxText) })}</span>;
}

/** What the field says while it is empty: the truth about where the text goes. */
export function placeholder(pane: Pane): string {
  const chat = pane.conv.chat.value;
  const name = chat?.person?.dn.split(" ")[0] ?? chat?.title ?? "";
  if (pane.model.line.value.state === "down") return t("conversation.messageOffline", { name });
  return t(chat?.volatile ? "conversation.messageVolatile" : "conversation.messageTo", { name });
}

/** Also names that came as text: out of a draft, an edited message, or typed to the end. */
export function namedIn(html: string, sips: readonly string[], known: readonly Mention[]): string[] {
  const typed = known.filter((m) => !m.own && html.includes(`@${escape(m.name)}`)).map((m) => m.sip);
  return [...new Set([...sips, ...typed])];
}
