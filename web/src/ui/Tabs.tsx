import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";
import { cx } from "./cx.ts";
import { rove } from "./Field.tsx";

export interface TabsProps<V extends string> {
  label: string;
  value: V;
  tabs: readonly { readonly value: V; readonly word: string }[];
  onChange: (value: V) => void;
  children: ComponentChildren;
  class?: string | undefined;
}

/** Tabs drawn as a segment, with the page of the chosen one. Arrows move and choose. */
export function Tabs<V extends string>({ label, value, tabs, onChange, children, class: more }: TabsProps<V>) {
  const id = useId();
  const box = useRef<HTMLDivElement>(null);
  return (
    <>
      <div ref={box} class="seg" role="tablist" aria-label={label} onKeyDown={(e) => rove(e, box.current)}>
        {tabs.map((x) => (
          <button
            key={x.value}
            id={`${id}-${x.value}`}
            type="button"
            role="tab"
            aria-selected={x.value === value}
            aria-controls={`${id}-p`}
            tabIndex={x.value === value ? 0 : -1}
            onClick={() => onChange(x.value)}
            onFocus={() => x.value !== value && onChange(x.value)}
          >
            {x.word}
          </button>
        ))}
      </div>
      <div id={`${id}-p`} class={cx("tabpanel", more)} role="tabpanel" aria-labelledby={`${id}-${value}`} tabIndex={-1}>
        {children}
      </div>
    </>
  );
}
