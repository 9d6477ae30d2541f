import { useEffect, useState } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { Avatar } from "../../../../ui/Avatar.tsx";
import type { Message, Reader } from "../../../model/types.ts";
import { usePane } from "../pane.ts";

/** "Read by 9" with up to three faces, under the last own message of a group; opens the list. */
export function Seen({ m }: { m: Message }) {
  const pane = usePane();
  const [readers, setReaders] = useState<readonly Reader[]>([]);
  useEffect(() => {
    let alive = true;
    if (m.id !== undefined) pane.conv.readers(m.id).then((r) => alive && setReaders(r.filter((x) => x.read !== undefined)), () => undefined);
    return () => void (alive = false);
  }, [m.id, m.readBy]);
  return (
    <button type="button" class="seen" tabIndex={-1} onClick={() => (pane.over.value = { what: "readers", message: m })}>
      {readers.slice(0, 3).map((r) => <Avatar key={r.person.sip} id={r.person.sip} name={r.person.dn} size="xs" />)}
      <span>{t("conversation.readBy", { count: m.readBy ?? 0 })}</span>
    </button>
  );
}
