import { useEffect, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { Avatar } from "../../../../ui/Avatar.tsx";
import type { Person } from "../../../model/types.ts";

/** Members whose name goes on as written after the @. The editor keeps the focus and the keys. */
export function Mentions({ id, people, at, onPick }: { id: string; people: readonly Person[]; at: number; onPick: (p: Person) => void }) {
  const box = useRef<HTMLDivElement>(null);
  useEffect(() => box.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" }), [at]);
  return (
    <div ref={box} id={id} class="mentions" role="listbox" aria-label={t("conversation.members")}>
      {people.map((p, i) => (
        <div
          key={p.sip}
          id={`${id}-${i}`}
          class="mem"
          role="option"
          aria-selected={i === at}
          onPointerDown={(e) => {
            e.preventDefault();
            onPick(p);
          }}
        >
          <Avatar id={p.sip} name={p.dn} presence={p.presence} size="sm" />
          <span class="n ell"><bdi>{p.dn}</bdi></span>
          {p.num && <span class="p">{p.num}</span>}
        </div>
      ))}
    </div>
  );
}
