/** Joins class names; falsy ones fall out. */
export function cx(...names: (string | false | null | undefined)[]): string | undefined {
  const s = names.filter(Boolean).join(" ");
  return s === "" ? undefined : s;
}

/** Sets custom properties through the object model, which the content policy allows
    (style attributes in markup it does not). Use as `ref={vars({"--part": "40%"})}`. */
export function vars(values: Record<`--${string}`, string | number>): (el: HTMLElement | SVGElement | null) => void {
  return (el) => {
    if (!el) return;
    for (const [name, value] of Object.entries(values)) el.style.setProperty(name, String(value));
  };
}
