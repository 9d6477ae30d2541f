import type { Presence } from "../client/model/types.ts";
import { cx } from "./cx.ts";
import { hue, initials } from "./face.ts";

const lampClass: Record<Presence, string> = { available: "open", away: "away", dnd: "busy", phone: "phone", offline: "off" };

/** Presence as a shape: full, half, barred, ringed, empty. The words stand beside it, or in the label of what holds it. */
export function Lamp({ presence }: { presence: Presence }) {
  return <i class={cx("lamp", lampClass[presence])} />;
}

export interface AvatarProps {
  /** The address: it decides the hue, so that a person keeps it in every list. */
  id: string;
  name: string;
  group?: boolean | undefined;
  presence?: Presence | undefined;
  size?: "xs" | "sm" | "md" | "lg" | "xl" | undefined;
  class?: string | undefined;
}

/** Initials on one of six quiet hues; round for people, square for groups. Hidden from readers: the name stands beside it. */
export function Avatar({ id, name, group, presence, size, class: more }: AvatarProps) {
  const text = initials(name, group);
  return (
    <span class={cx("av", size, group && "g", more)} data-h={hue(id)} aria-hidden="true">
      {size === "xs" ? [...text][0] : text}
      {presence && <Lamp presence={presence} />}
    </span>
  );
}
