import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { Avatar } from "../../../../ui/Avatar.tsx";
import { Button } from "../../../../ui/Button.tsx";
import { Dialog } from "../../../../ui/Dialog.tsx";
import { Checkbox } from "../../../../ui/Field.tsx";
import { toast } from "../../../../ui/Toast.tsx";
import type { ChatName, Message, Outgoing } from "../../../model/types.ts";
import { lineOf } from "../compose/Strip.tsx";
import { usePane } from "../pane.ts";

interface Target {
  readonly name: ChatName;
  readonly title: string;
  readonly group: boolean;
}

const mostTargets = 20;

/** Chooses chats and sends the messages to each of them. */
export default function Forward({ messages, onClose }: { messages: readonly Message[]; onClose: () => void }) {
  const pane = usePane();
  const { model } = pane;
  const query = useSignal("");
  const people = useSignal<readonly Target[]>([]);
  const chosen = useSignal<ReadonlyMap<ChatName, Target>>(new Map());
  const words = query.value.trim().toLocaleLowerCase();
  useEffect(() => {
    let alive = true;
    const timer = setTimeout(() => {
      if (words === "") return void (people.value = []);
      model.people(words).then((r) => alive && (people.value = r.people.map((p) => ({ name: p.sip, title: p.dn, group: false }))), () => undefined);
    }, 200);
    return () => {
      alive = false;
      clearTimeout(timer);
    };
  }, [words]);
  const chats = model.chats.value
    .filter((c) => (c.group?.mayWrite ?? true) && c.title.toLocaleLowerCase().includes(words))
    .slice(0, 50)
    .map((c): Target => ({ name: c.name, title: c.title, group: c.group !== undefined }));
  const known = new Set(chats.map((c) => c.name));
  const list = [...chats, ...people.value.filter((p) => !known.has(p.name)).slice(0, 20)];
  const toggle = (x: Target) => {
    const now = new Map(chosen.value);
    if (!now.delete(x.name) && now.size < mostTargets) now.set(x.name, x);
    chosen.value = now;
  };
  const send = () => {
    const outgoing = messages.map(outgoingOf);
    for (const name of chosen.value.keys()) sendTo(pane, name, outgoing);
    pane.selected.value = undefined;
    toast(t("conversation.forwardedTo", { count: chosen.value.size }));
    onClose();
  };
  return (
    <Dialog
      title={t("conversation.forwardTitle", { count: messages.length })}
      onClose={onClose}
      foot={
        <>
          <Button kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
          <Button kind="pri" disabled={chosen.value.size === 0} onClick={send}>{t("conversation.forwardTo", { count: chosen.value.size })}</Button>
        </>
      }
    >
      {messages.length === 1 && messages[0] && <p class="hint ell" dir="auto">{lineOf(messages[0])}</p>}
      <input class="in" type="search" autofocus aria-label={t("conversation.findChat")} placeholder={t("conversation.findChat")} value={query.value} onInput={(e) => (query.value = e.currentTarget.value)} />
      <ul class="pick-list">
        {list.map((x) => (
          <li key={x.name}>
            <div class="mem" onClick={(e) => !(e.target as Element).closest("label") && toggle(x)}>
              <Avatar id={x.name} name={x.title} group={x.group} size="sm" />
              <span class="grow n ell"><bdi>{x.title}</bdi></span>
              <Checkbox bare label={x.title} on={chosen.value.has(x.name)} onChange={() => toggle(x)} />
            </div>
          </li>
        ))}
        {list.length === 0 && <li class="hint">{t("conversation.nobody")}</li>}
      </ul>
    </Dialog>
  );
}

/** Files go along as they are: the store has them. */
function outgoingOf(m: Message): Outgoing {
  return { html: m.html, forwarded: m.forwarded || m.author.dn, ...(m.attached.length > 0 && { attached: m.attached }) };
}

function sendTo(pane: ReturnType<typeof usePane>, name: ChatName, outgoing: readonly Outgoing[]): void {
  if (name === pane.chat) return outgoing.forEach((o) => pane.conv.send(o));
  const other = pane.model.open(name);
  for (const o of outgoing) other.send(o);
  other.close();
}
