import { icons, type IconName } from "./icons.ts";

export interface IconProps {
  name: IconName;
  /** 16 instead of 20 pixels. */
  small?: boolean | undefined;
  class?: string | undefined;
}

/** Arrows that follow the reading direction; everything else is the same in both. */
const mirrored: ReadonlySet<IconName> = new Set(["back", "next", "reply", "forward", "leave", "list", "quote", "details"]);

/** An icon, hidden from screen readers: the button or the text beside it carries the name. */
export function Icon({ name, small, class: more }: IconProps) {
  const classes = ["i", small ? "s" : "", name === "more" ? "dots" : "", name === "play" ? "solid" : "", mirrored.has(name) ? "mirror" : "", more ?? ""];
  return (
    <svg class={classes.filter(Boolean).join(" ")} viewBox="0 0 20 20" aria-hidden="true">
      <path d={icons[name]} />
    </svg>
  );
}

/** The mark: a plug and a jack joined by a cord. */
export function Mark({ class: more }: { class?: string | undefined }) {
  return (
    <svg class={`mark-svg ${more ?? ""}`} viewBox="0 0 32 32" fill="none" aria-hidden="true">
      <path class="cord" d="M8 10.5v4a8 8 0 0 0 16 0v-4" />
      <circle class="plug" cx="8" cy="9" r="5.5" />
      <circle class="jack" cx="24" cy="9" r="4" />
    </svg>
  );
}
