import { memo } from "./memo.ts";
import { useLayoutEffect, useRef } from "preact/hooks";
import { type Decorations, fill } from "./html.ts";

export interface HtmlProps extends Decorations {
  html: string;
  class?: string | undefined;
}

/** A text of somebody, sanitised and with links (html.ts). */
export const Html = memo(function Html({ html, class: more, mentions, marks }: HtmlProps) {
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (box.current) fill(box.current, html, { ...(mentions && { mentions }), ...(marks && { marks }) });
  }, [html, mentions, marks]);
  return <div ref={box} class={more} dir="auto" />;
});
