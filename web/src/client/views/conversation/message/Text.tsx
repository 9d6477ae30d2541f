import { useLayoutEffect, useRef } from "preact/hooks";
import { fill } from "../../../../ui/html.ts";
import { memo } from "../../../../ui/memo.ts";
import { usePane, type Mention } from "../pane.ts";
import { directionOf } from "./emoji.ts";

// Scrolling shows the same texts again and again; to clean one costs a hundred times what
// it costs to copy it. Kept by the names it was made with, the oldest half goes.
const mostKept = 600;
const kept = new WeakMap<readonly Mention[], Map<string, DocumentFragment>>();

function show(el: HTMLElement, html: string, mentions: readonly Mention[], marks: readonly string[]): void {
  if (!/[<&@:]|www\./i.test(html) && marks.length === 0) {
    el.textContent = html;
    return;
  }
  if (marks.length > 0) return fill(el, html, { mentions, marks });
  let map = kept.get(mentions);
  if (!map) kept.set(mentions, (map = new Map()));
  const old = map.get(html);
  if (old) return void el.replaceChildren(old.cloneNode(true));
  fill(el, html, { mentions });
  const copy = document.createDocumentFragment();
  copy.append(...[...el.childNodes].map((n) => n.cloneNode(true)));
  if (map.size >= mostKept) for (const key of [...map.keys()].slice(0, mostKept / 2)) map.delete(key);
  map.set(html, copy);
}

/** The words of a message, safe whatever they are (ui/html.ts), with links, names and marks. */
export const Text = memo(function Text({ html, id }: { html: string; id: string }) {
  const pane = usePane();
  const box = useRef<HTMLSpanElement>(null);
  const mentions = pane.mentions.value;
  const marks = pane.marks.value;
  useLayoutEffect(() => {
    if (box.current) show(box.current, html, mentions, marks);
  }, [html, mentions, marks]);
  return <span class="words" id={id} ref={box} dir={directionOf(html.replace(/<[^>]*>|&\w+;/g, ""))} />;
});
