import type { ComponentChildren } from "preact";
import { useId, useLayoutEffect, useRef } from "preact/hooks";
import { IconButton } from "./Button.tsx";
import { t } from "../i18n/index.ts";
import { useKeys } from "./keys.ts";

export interface DrawerProps {
  title: ComponentChildren;
  /** What stands before the title: a face. */
  start?: ComponentChildren;
  onClose: () => void;
  children: ComponentChildren;
  foot?: ComponentChildren;
}

/** 440 wide over the end of the page; not modal, so the list beside it can be used. Esc closes it and the focus goes back. */
export function Drawer({ title, start, onClose, children, foot }: DrawerProps) {
  const box = useRef<HTMLElement>(null);
  const id = useId();
  // Whatever has the focus in the page beside it, too; what lies on top of the drawer comes first.
  useKeys(() => [{ keys: "Escape", word: () => t("ui.close"), scope: "page", run: onClose }], [onClose]);
  useLayoutEffect(() => {
    const back = document.activeElement as HTMLElement | null;
    box.current?.focus();
    return () => back?.isConnected && back.focus({ preventScroll: true });
  }, []);
  return (
    <aside
      ref={box}
      class="drawer"
      aria-labelledby={id}
      tabIndex={-1}
      onKeyDown={(e) => {
        if (e.key !== "Escape" || e.defaultPrevented) return;
        e.stopPropagation();
        onClose();
      }}
    >
      <header>
        {start}
        <h2 id={id} class="grow ell">{title}</h2>
        <IconButton icon="close" label={t("ui.close")} keys="Esc" onClick={onClose} />
      </header>
      {children}
      {foot && <footer>{foot}</footer>}
    </aside>
  );
}
