import { useEffect } from "preact/hooks";
import { useSignal } from "@preact/signals";
import { t } from "../../../../i18n/index.ts";
import { Avatar } from "../../../../ui/Avatar.tsx";
import { Dialog } from "../../../../ui/Dialog.tsx";
import { dayAndClock } from "../../../../ui/format.ts";
import { Skeleton } from "../../../../ui/parts.tsx";
import type { Message, Reader } from "../../../model/types.ts";
import { usePane } from "../pane.ts";

/** Who has read a message, who has it, who has not. */
export default function Readers({ message, onClose }: { message: Message; onClose: () => void }) {
  const pane = usePane();
  const readers = useSignal<readonly Reader[] | undefined>(undefined);
  const failed = useSignal(false);
  useEffect(() => {
    if (message.id !== undefined) pane.conv.readers(message.id).then((r) => (readers.value = r), () => (failed.value = true));
  }, [message.id]);
  const all = readers.value ?? [];
  const parts: [string, readonly Reader[]][] = [
    ["read", all.filter((r) => r.read !== undefined)],
    ["delivered", all.filter((r) => r.read === undefined && r.delivered !== undefined)],
    ["neither", all.filter((r) => r.read === undefined && r.delivered === undefined)],
  ];
  return (
    <Dialog title={t("conversation.whoRead")} onClose={onClose}>
      {failed.value && <p role="alert">{t("conversation.readersFailed")}</p>}
      {!readers.value && !failed.value && <Skeleton count={4} />}
      {parts.filter(([, list]) => list.length > 0).map(([what, list]) => (
        <section key={what} class="readers">
          <h3>{t(`conversation.readers.${what}`, { count: list.length })}</h3>
          <ul>
            {list.map((r) => (
              <li key={r.person.sip} class="mem">
                <Avatar id={r.person.sip} name={r.person.dn} size="sm" />
                <span class="grow n ell"><bdi>{r.person.dn}</bdi></span>
                <span class="p num">{timeOf(r)}</span>
              </li>
            ))}
          </ul>
        </section>
      ))}
      {readers.value && all.length === 0 && <p>{t("conversation.readers.nobody")}</p>}
    </Dialog>
  );
}

function timeOf(r: Reader): string {
  const time = r.read ?? r.delivered;
  return time === undefined ? "" : dayAndClock(time);
}
