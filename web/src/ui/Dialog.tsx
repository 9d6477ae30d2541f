import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useId, useRef } from "preact/hooks";
import { Button, IconButton } from "./Button.tsx";
import { cx } from "./cx.ts";
import { t } from "../i18n/index.ts";

export interface DialogProps {
  title: string;
  onClose: () => void;
  children: ComponentChildren;
  /** Keys at the foot, from least to most. */
  foot?: ComponentChildren;
  wide?: boolean | undefined;
  /** Without title line and foot (finder, gallery); the title names it for readers. */
  bare?: boolean | undefined;
  class?: string | undefined;
}

/** A native modal dialog: focus is kept in it and goes back, Esc closes it, what lies behind is inert. */
export function Dialog({ title, onClose, children, foot, wide, bare, class: more }: DialogProps) {
  const box = useRef<HTMLDialogElement>(null);
  const id = useId();
  useEffect(() => {
    const el = box.current;
    if (!el) return;
    const back = document.activeElement as HTMLElement | null;
    if (!el.open) el.showModal();
    return () => {
      el.close();
      back?.focus?.({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={box}
      class={cx("dialog", bare && "bare", wide && "wide", more)}
      aria-labelledby={bare ? undefined : id}
      aria-label={bare ? title : undefined}
      onCancel={(e) => {
        e.preventDefault();
        onClose();
      }}
      onPointerDown={(e) => e.target === box.current && onClose()}
      onKeyDown={(e) => e.stopPropagation()}
    >
      {bare ? (
        children
      ) : (
        <div class="dialog-in">
          <header>
            <h2 id={id}>{title}</h2>
            <IconButton icon="close" label={t("ui.close")} keys="Esc" onClick={onClose} />
          </header>
          <div class="dialog-body">{children}</div>
          {foot && <footer>{foot}</footer>}
        </div>
      )}
    </dialog>
  );
}

interface Question {
  readonly title: string;
  readonly text: ComponentChildren;
  readonly act: string;
  readonly bad: boolean;
  readonly done: (yes: boolean) => void;
}

const question = signal<Question | undefined>(undefined);

/**
 * Asks before something is done. `act` is the verb on the key ("Leave group"); `bad` for
 * what destroys. Resolves with whether the person pressed it.
 */
export function ask(q: { title: string; text: ComponentChildren; act: string; bad?: boolean }): Promise<boolean> {
  question.value?.done(false);
  return new Promise((resolve) => {
    const done = (yes: boolean) => {
      question.value = undefined;
      resolve(yes);
    };
    question.value = { title: q.title, text: q.text, act: q.act, bad: q.bad ?? false, done };
  });
}

/** The one question of the page; mounted once by the frame. */
export function Questions() {
  const q = question.value;
  if (!q) return null;
  return (
    <Dialog
      title={q.title}
      onClose={() => q.done(false)}
      foot={
        <>
          <Button kind="txt" onClick={() => q.done(false)}>{t("ui.cancel")}</Button>
          <Button kind={q.bad ? "bad" : "pri"} onClick={() => q.done(true)} autofocus>{q.act}</Button>
        </>
      }
    >
      <p>{q.text}</p>
    </Dialog>
  );
}
