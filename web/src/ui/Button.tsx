import type { ComponentChildren, JSX, Ref } from "preact";
import { cx } from "./cx.ts";
import { Icon } from "./Icon.tsx";
import type { IconName } from "./icons.ts";
import { tooltip } from "./Tooltip.tsx";

export interface ButtonProps extends Omit<JSX.IntrinsicElements["button"], "size" | "class" | "icon" | "ref"> {
  /** pri is ink (one per view), sec an outline, txt bare, bad destroys (second step only). */
  kind?: "pri" | "sec" | "txt" | "bad";
  size?: "s" | "m" | "l";
  icon?: IconName | undefined;
  class?: string | undefined;
  children?: ComponentChildren;
  buttonRef?: Ref<HTMLButtonElement> | undefined;
}

export function Button({ kind = "sec", size = "m", icon, class: more, children, buttonRef, ...rest }: ButtonProps) {
  return (
    <button type="button" {...rest} ref={buttonRef ?? null} class={cx("btn", kind, size !== "m" && size, more)}>
      {icon && <Icon name={icon} small={size === "s"} />}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<JSX.IntrinsicElements["button"], "size" | "label" | "class" | "icon" | "ref"> {
  icon: IconName;
  /** The button's name and its tooltip. */
  label: string;
  /** The key beside the word, as shown ("Ctrl K"). */
  keys?: string | undefined;
  /** Pressed: for keys that stay down. */
  on?: boolean | undefined;
  size?: "s" | "m";
  class?: string | undefined;
  children?: ComponentChildren;
  buttonRef?: Ref<HTMLButtonElement> | undefined;
}

/** A round key with an icon alone; word and key come as tooltip after 500 ms, at once on focus. */
export function IconButton({ icon, label, keys, on, size = "m", class: more, children, buttonRef, ...rest }: IconButtonProps) {
  return (
    <button
      type="button"
      aria-label={label}
      aria-pressed={on}
      {...rest}
      {...tooltip(label, keys)}
      ref={buttonRef ?? null}
      class={cx("ib", size === "s" && "s", on && "on", more)}
    >
      <Icon name={icon} small={size === "s"} />
      {children}
    </button>
  );
}

/** The picture of a key: `<Kbd keys="Ctrl K" />` shows one cap. */
export function Kbd({ keys }: { keys: string }) {
  return <kbd class="kbd">{keys}</kbd>;
}
