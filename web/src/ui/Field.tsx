import type { ComponentChildren, JSX, Ref } from "preact";
import { useId, useRef } from "preact/hooks";
import { cx } from "./cx.ts";
import { Icon } from "./Icon.tsx";

type InputAttributes = Omit<JSX.IntrinsicElements["input"], "label" | "size" | "class" | "ref" | "onInput" | "value" | "role">;

export interface FieldProps extends InputAttributes {
  label: string;
  value: string;
  onInput: (value: string) => void;
  hint?: ComponentChildren;
  /** What is wrong, with a way out; the field is marked. */
  error?: ComponentChildren;
  large?: boolean | undefined;
  /** Stands at the end inside the field: a key. */
  end?: ComponentChildren;
  /** For names, numbers of the protocol. */
  mono?: boolean | undefined;
  class?: string | undefined;
  inputRef?: Ref<HTMLInputElement> | undefined;
  /** id of a datalist. */
  list?: string | undefined;
}

/** Label above, hint below, error below with icon. */
export function Field({ label, value, onInput, hint, error, large, end, mono, class: more, inputRef, ...rest }: FieldProps) {
  const id = useId();
  const about = [hint ? `${id}h` : "", error ? `${id}e` : ""].filter(Boolean).join(" ");
  return (
    <div class={cx("field", more)}>
      <label for={id}>{label}</label>
      <div class={cx("in-wrap", Boolean(end) && "has-end")}>
        <input
          type="text"
          dir="auto"
          {...(rest as JSX.IntrinsicElements["input"])}
          id={id}
          ref={inputRef ?? null}
          class={cx("in", large && "l", Boolean(error) && "bad", mono && "mono")}
          value={value}
          onInput={(e) => onInput(e.currentTarget.value)}
          aria-invalid={error ? true : undefined}
          aria-describedby={about || undefined}
        />
        {end}
      </div>
      <Notes id={id} hint={hint} error={error} />
    </div>
  );
}

function Notes({ id, hint, error }: { id: string; hint?: ComponentChildren; error?: ComponentChildren }) {
  return (
    <>
      {hint && <div class="hint" id={`${id}h`}>{hint}</div>}
      {error && (
        <div class="err" id={`${id}e`} role="alert">
          <Icon name="warn" small />
          <span>{error}</span>
        </div>
      )}
    </>
  );
}

export interface SelectProps<V extends string> {
  label: string;
  value: V;
  options: readonly { readonly value: V; readonly word: string }[];
  onChange: (value: V) => void;
  hint?: ComponentChildren;
  /** The label is for readers only. */
  bare?: boolean | undefined;
  disabled?: boolean | undefined;
}

export function Select<V extends string>({ label, value, options, onChange, hint, bare, disabled }: SelectProps<V>) {
  const id = useId();
  return (
    <div class="field">
      <label for={id} class={bare ? "vh" : undefined}>{label}</label>
      <select id={id} class="in select" value={value} disabled={disabled} onChange={(e) => onChange(e.currentTarget.value as V)}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>{o.word}</option>
        ))}
      </select>
      {hint && <div class="hint">{hint}</div>}
    </div>
  );
}

export interface SwitchProps {
  label: string;
  on: boolean;
  onChange: (on: boolean) => void;
  disabled?: boolean | undefined;
}

/** The slide key alone; the words stand in what holds it (SwitchRow, or a line of yours). */
export function Switch({ label, on, onChange, disabled }: SwitchProps) {
  return <button type="button" class="sw" role="switch" aria-checked={on} aria-label={label} disabled={disabled} onClick={() => onChange(!on)} />;
}

/** A line with words, a hint and a slide key; pressing the words works too. */
export function SwitchRow({ label, hint, on, onChange, disabled }: SwitchProps & { hint?: ComponentChildren }) {
  const id = useId();
  return (
    <div class="opt">
      <span class="grow" id={id} onClick={() => !disabled && onChange(!on)}>
        {label}
        {hint && <small>{hint}</small>}
      </span>
      <button type="button" class="sw" role="switch" aria-checked={on} aria-labelledby={id} disabled={disabled} onClick={() => onChange(!on)} />
    </div>
  );
}

/** A box to tick. A real checkbox, drawn as ours. */
export function Checkbox({ label, on, onChange, disabled, bare }: SwitchProps & { bare?: boolean | undefined }) {
  return (
    <label class="chk">
      <input type="checkbox" checked={on} disabled={disabled} aria-label={bare ? label : undefined} onChange={(e) => onChange(e.currentTarget.checked)} />
      <span class={cx("ck", on && "on")} aria-hidden="true">{on && <Icon name="check" />}</span>
      {!bare && <span>{label}</span>}
    </label>
  );
}

export interface SegmentProps<V extends string> {
  label: string;
  value: V;
  options: readonly { readonly value: V; readonly word: ComponentChildren; readonly count?: number | undefined }[];
  onChange: (value: V) => void;
  class?: string | undefined;
}

/** A choice of two to five, as one control: one Tab stop, arrows inside. */
export function Segment<V extends string>({ label, value, options, onChange, class: more }: SegmentProps<V>) {
  const box = useRef<HTMLDivElement>(null);
  return (
    <div ref={box} class={cx("seg", more)} role="group" aria-label={label} onKeyDown={(e) => rove(e, box.current)}>
      {options.map((o) => (
        <button key={o.value} type="button" aria-pressed={o.value === value} tabIndex={o.value === value ? 0 : -1} onClick={() => onChange(o.value)}>
          {o.word}
          {o.count !== undefined && o.count > 0 && <span class="c">{o.count}</span>}
        </button>
      ))}
    </div>
  );
}

/** Arrow keys, Home and End move the focus between the buttons of a group (roving focus). */
export function rove(e: KeyboardEvent, box: Element | null, select = "button:not([disabled]), [role=menuitem], a[href]"): void {
  if (!box) return;
  const rtl = getComputedStyle(box).direction === "rtl";
  const step = new Map<string, number>([["ArrowDown", 1], ["ArrowUp", -1], ["ArrowRight", rtl ? -1 : 1], ["ArrowLeft", rtl ? 1 : -1]]).get(e.key);
  const all = [...box.querySelectorAll<HTMLElement>(select)];
  const at = all.indexOf(document.activeElement as HTMLElement);
  let to: number | undefined;
  if (step !== undefined) to = (at + step + all.length) % all.length;
  if (e.key === "Home") to = 0;
  if (e.key === "End") to = all.length - 1;
  if (to === undefined) return;
  e.preventDefault();
  all[to]?.focus();
}
