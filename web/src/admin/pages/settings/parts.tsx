// Small parts that the settings share.
import type { ComponentChildren } from "preact";
import { t } from "../../../i18n/index.ts";
import { IconButton } from "../../../ui/Button.tsx";
import { toast } from "../../../ui/Toast.tsx";

/** One setting: what it is, a hint, and its controls at the end. */
export function Line({ word, hint, children }: { word: ComponentChildren; hint?: ComponentChildren; children?: ComponentChildren }) {
  return (
    <div class="set-line">
      <div class="grow">
        {word}
        {hint && <small>{hint}</small>}
      </div>
      <div class="control">{children}</div>
    </div>
  );
}

/** A secret that is shown once: it can be chosen with one press, and copied. */
export function Secret({ label, text }: { label: string; text: string }) {
  const copy = async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(t("consoleSettings.copied"));
    } catch {
      toast(t("consoleSettings.noClipboard")); // pages over plain http cannot
    }
  };
  return (
    <div class="field">
      <span class="lab">{label}</span>
      <div class="secret">
        <code dir="ltr">{text}</code>
        <IconButton icon="copy" size="s" label={t("consoleSettings.copy")} onClick={() => void copy()} />
      </div>
    </div>
  );
}
