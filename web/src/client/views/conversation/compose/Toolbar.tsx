import { useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import type { IconName } from "../../../../ui/icons.ts";
import type { Format } from "./editor.ts";

const keys: readonly { readonly f: Format; readonly icon: IconName; readonly keys?: string }[] = [
  { f: "bold", icon: "bold", keys: "Ctrl B" },
  { f: "italic", icon: "italic", keys: "Ctrl I" },
  { f: "strike", icon: "strike", keys: "Ctrl Shift X" },
  { f: "code", icon: "code", keys: "Ctrl E" },
  { f: "list", icon: "list" },
  { f: "quote", icon: "quote" },
];

export interface ToolbarProps {
  formats: ReadonlySet<Format>;
  onFormat: (f: Format) => void;
  onLink: () => void;
  onMention: (() => void) | undefined;
  onEmoji: (e: Element) => void;
  onAttach: (e: Element) => void;
  emojiOpen: boolean;
}

/** Formats; a press keeps the caret where it is. One Tab stop, arrows inside. */
export function Formats({ formats, onFormat, onLink }: Pick<ToolbarProps, "formats" | "onFormat" | "onLink">) {
  const box = useRef<HTMLSpanElement>(null);
  return (
    <span ref={box} class="formats" role="toolbar" aria-label={t("conversation.formats")} onKeyDown={(e) => arrows(e, box.current)} onPointerDown={(e) => e.preventDefault()}>
      {keys.map((k, i) => (
        <IconButton key={k.f} icon={k.icon} label={t(`conversation.format.${k.f}`)} keys={k.keys} on={formats.has(k.f)} tabIndex={i === 0 ? 0 : -1} onClick={() => onFormat(k.f)} />
      ))}
      <IconButton icon="link" label={t("conversation.format.link")} keys="Ctrl Shift L" tabIndex={-1} onClick={onLink} />
    </span>
  );
}

function arrows(e: KeyboardEvent, box: HTMLElement | null): void {
  const rtl = box && getComputedStyle(box).direction === "rtl" ? -1 : 1;
  const step = e.key === "ArrowRight" ? rtl : e.key === "ArrowLeft" ? -rtl : 0;
  if (!box || step === 0) return;
  e.preventDefault();
  const all = [...box.querySelectorAll<HTMLElement>("button")];
  all[(all.indexOf(document.activeElement as HTMLElement) + step + all.length) % all.length]?.focus();
}
