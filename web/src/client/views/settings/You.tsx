import { useState } from "preact/hooks";
import { Avatar } from "../../../ui/Avatar.tsx";
import { Button } from "../../../ui/Button.tsx";
import { Field, Segment } from "../../../ui/Field.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { t } from "../../../i18n/index.ts";
import type { Model } from "../../model/types.ts";
import { setPresence, signOut } from "../presence.ts";
import { Line } from "./Line.tsx";

const choices = ["available", "away", "dnd"] as const;
type Choice = (typeof choices)[number];
const longest = 120;

/** Presence, note, signing out. */
export function You({ model }: { model: Model }) {
  const me = model.me.value;
  const [note, setNote] = useState(me?.note ?? "");
  if (!me) return null;
  const now: Choice = choices.find((c) => c === me.presence) ?? "available";
  const save = async (e: Event) => {
    e.preventDefault();
    await setPresence(model, now, note.trim());
    toast(t("shell.you.saved"));
  };
  return (
    <>
      <div class="you">
        <Avatar id={me.sip} name={me.dn} size="lg" presence={model.line.value.state === "up" ? me.presence : "offline"} />
        <div class="grow">
          <h3 dir="auto">{me.dn}</h3>
          <p class="hint">{[me.num, me.email ?? me.sip].filter(Boolean).join(" · ")}</p>
        </div>
      </div>
      <Line word={t("shell.presence.label")} hint={now === "dnd" ? t("shell.presence.dndHint") : undefined}>
        <Segment label={t("shell.presence.label")} value={now} onChange={(v) => void setPresence(model, v, note.trim())} options={choices.map((value) => ({ value, word: t(`ui.presence.${value}`) }))} />
      </Line>
      <form class="note-form" onSubmit={save}>
        <Field label={t("shell.presence.note")} hint={t("shell.presence.noteHint")} value={note} onInput={setNote} maxLength={longest} />
        <Button type="submit" disabled={note.trim() === (me.note ?? "")}>{t("ui.save")}</Button>
      </form>
      <div class="acts-row">
        <Button icon="leave" onClick={() => void signOut(model)}>{t("shell.you.leave")}</Button>
      </div>
      <p class="hint">{t("shell.you.leaveHint")}</p>
    </>
  );
}
