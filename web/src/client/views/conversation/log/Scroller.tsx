import { useImperativeHandle, useLayoutEffect, useReducer, useRef } from "preact/hooks";
import { Engine, type ScrollerProps } from "./engine.ts";

/** The virtual list of the log; what it does is in engine.ts. */
export function Scroller<I extends { readonly key: string }>(p: ScrollerProps<I>) {
  const box = useRef<HTMLDivElement>(null);
  const [, redraw] = useReducer((n: number) => n + 1, 0);
  const made = useRef<Engine<I> | undefined>(undefined);
  made.current ??= new Engine(p, () => redraw(undefined as never));
  const e = made.current;
  e.take(p);
  useImperativeHandle(p.handle, () => e, [e]);
  useLayoutEffect(() => e.attach(box.current), [e]);
  useLayoutEffect(() => e.settle());
  return (
    // Live regions would read history that is scrolled in; new messages are said elsewhere, once.
    <div ref={box} class="log" role="log" aria-live="off" aria-label={p.label} onScroll={() => e.scrolled()}>
      <div class="log-in">
        {p.head}
        <div class="log-pad" aria-hidden="true" />
        <div class="log-rows">
          {e.items.slice(e.start, e.end).map((item) => (
            <div class="lrow" key={item.key} data-row={item.key}>
              {p.render(item)}
            </div>
          ))}
        </div>
        <div class="log-pad" aria-hidden="true" />
        {p.foot}
      </div>
    </div>
  );
}
