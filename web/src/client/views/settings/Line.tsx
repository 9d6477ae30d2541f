import type { ComponentChildren } from "preact";

/** One setting: what it is, a hint, and its control at the end. */
export function Line({ word, hint, children }: { word: string; hint?: ComponentChildren; children: ComponentChildren }) {
  return (
    <div class="setting">
      <div class="grow">
        <span class="lab">{word}</span>
        {hint && <p class="hint">{hint}</p>}
      </div>
      <div class="control">{children}</div>
    </div>
  );
}
