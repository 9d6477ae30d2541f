import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { cx } from "./cx.ts";
import { rove } from "./Field.tsx";
import { Icon } from "./Icon.tsx";
import type { IconName } from "./icons.ts";

export interface MenuItem {
  readonly word: string;
  readonly icon?: IconName | undefined;
  /** The key that does the same, as shown. */
  readonly keys?: string | undefined;
  /** Destroys. */
  readonly bad?: boolean | undefined;
  readonly checked?: boolean | undefined;
  readonly disabled?: boolean | undefined;
  readonly run: () => void;
}

/** Items, with "-" for a hairline. */
export type MenuItems = readonly (MenuItem | "-")[];

interface Open {
  readonly items: MenuItems;
  readonly label: string;
  readonly at: DOMRect;
  readonly back: HTMLElement | null;
  /** Stands above the items, for example a row of emoji. */
  readonly head?: ComponentChildren;
}

const open = signal<Open | undefined>(undefined);

/**
 * Opens a menu at an element (a "more" key) or at the place of a pointer event (right
 * click, menu key, long press). Focus goes into it and back; Esc, a press outside,
 * scrolling and resizing close it.
 */
export function openMenu(at: Element | MouseEvent, label: string, items: MenuItems, head?: ComponentChildren): void {
  let rect: DOMRect;
  if (at instanceof Element) rect = at.getBoundingClientRect();
  else if (at.clientX === 0 && at.clientY === 0 && at.target instanceof Element) rect = at.target.getBoundingClientRect(); // the menu key
  else rect = new DOMRect(at.clientX, at.clientY, 0, 0);
  open.value = { items, label, at: rect, back: document.activeElement as HTMLElement | null, head };
}

export function closeMenu(): void {
  const was = open.value;
  if (!was) return;
  open.value = undefined;
  was.back?.focus?.({ preventScroll: true });
}

/** Whether a menu is open (for Esc, which closes the topmost). */
export function menuOpen(): boolean {
  return open.value !== undefined;
}

/** The one menu of the page; mounted once by the frame. */
export function Menus() {
  const menu = open.value;
  const box = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    const el = box.current;
    if (!el || !menu) return;
    el.showPopover?.();
    placeMenu(el, menu.at);
    el.querySelector<HTMLElement>("button:not([disabled])")?.focus({ preventScroll: true });
  }, [menu]);
  useEffect(() => {
    if (!menu) return;
    const outside = (e: Event) => {
      if (!box.current?.contains(e.target as Node)) closeMenu();
    };
    const away = () => closeMenu();
    addEventListener("pointerdown", outside, true);
    addEventListener("resize", away);
    return () => {
      removeEventListener("pointerdown", outside, true);
      removeEventListener("resize", away);
    };
  }, [menu]);
  if (!menu) return null;
  return (
    <div ref={box} class="menu floating" popover="manual" role="menu" aria-label={menu.label} onKeyDown={(e) => keys(e, box.current)} onContextMenu={(e) => e.preventDefault()}>
      {menu.head}
      {menu.items.map((item, i) => (item === "-" ? <hr key={i} /> : <Item key={i} item={item} />))}
    </div>
  );
}

function Item({ item }: { item: MenuItem }) {
  const run = () => {
    closeMenu();
    item.run();
  };
  return (
    <button
      type="button"
      role={item.checked === undefined ? "menuitem" : "menuitemcheckbox"}
      aria-checked={item.checked}
      tabIndex={-1}
      disabled={item.disabled}
      class={cx(item.bad && "bad")}
      onClick={run}
      onPointerMove={(e) => e.currentTarget.focus({ preventScroll: true })}
    >
      {item.icon && <Icon name={item.icon} />}
      <span class="grow ell">{item.word}</span>
      {item.checked && <Icon name="check" small />}
      {item.keys && <kbd class="kbd">{item.keys}</kbd>}
    </button>
  );
}

function keys(e: KeyboardEvent, box: HTMLElement | null): void {
  if (e.key === "Escape" || e.key === "Tab") {
    e.preventDefault();
    e.stopPropagation();
    closeMenu();
    return;
  }
  e.stopPropagation(); // no single key of the page while a menu is open
  rove(e, box, "button:not([disabled])");
  if (e.key.length === 1 && e.key !== " ") typeahead(e.key, box);
}

function typeahead(letter: string, box: HTMLElement | null): void {
  const all = [...(box?.querySelectorAll<HTMLElement>("button:not([disabled])") ?? [])];
  const at = all.indexOf(document.activeElement as HTMLElement);
  const order = [...all.slice(at + 1), ...all.slice(0, at + 1)];
  order.find((b) => b.textContent?.trim().toLocaleLowerCase().startsWith(letter.toLocaleLowerCase()))?.focus();
}

function placeMenu(el: HTMLElement, at: DOMRect): void {
  const own = el.getBoundingClientRect();
  const gap = 4;
  const rtl = document.documentElement.dir === "rtl";
  let x = rtl ? at.right - own.width : at.left;
  if (x + own.width > innerWidth - gap) x = at.right - own.width;
  if (x < gap) x = gap;
  let y = at.bottom + gap;
  if (y + own.height > innerHeight - gap) y = Math.max(gap, at.top - own.height - gap);
  el.style.setProperty("--x", `${Math.round(x)}px`);
  el.style.setProperty("--y", `${Math.round(y)}px`);
}
