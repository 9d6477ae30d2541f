// What is written and not sent: kept by the model, for the next time and for other tabs.
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { clean } from "../../../../ui/html.ts";
import type { Pane } from "../pane.ts";
import type { Plain } from "./serialize.ts";

export function useDraft(pane: Pane, el: { current: HTMLDivElement | null }, read: () => Plain, changed: () => void): { keep(html: string): void } {
  const { conv } = pane;
  const kept = useRef("");
  const fromModel = conv.draft.value;
  const load = (html: string) => {
    if (!el.current) return;
    kept.current = html;
    el.current.innerHTML = clean(html);
    changed();
  };
  useLayoutEffect(() => load(conv.draft.peek()), [pane]);
  useEffect(() => {
    // Another tab has written; not over what is being written here.
    if (fromModel !== kept.current && document.activeElement !== el.current && !pane.editing.peek()) load(fromModel);
  }, [fromModel]);
  const keep = (html: string) => {
    if (pane.editing.peek() || html === kept.current) return;
    kept.current = html;
    conv.setDraft(html);
  };
  const latest = useRef(() => {});
  latest.current = () => el.current && keep(read().html);
  useLayoutEffect(() => {
    const now = () => latest.current();
    addEventListener("pagehide", now);
    return () => {
      now();
      removeEventListener("pagehide", now);
    };
  }, [pane]);
  return { keep };
}
