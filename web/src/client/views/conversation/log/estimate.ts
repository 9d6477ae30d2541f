import type { Item } from "./items.ts";

/**
 * About how high a row is before it was ever seen: good enough that the scroll bar tells
 * the truth; nothing that is read depends on it.
 */
export function estimate(item: Item): number {
  if (item.kind === "day") return 52;
  if (item.kind === "new") return 40;
  if (item.kind === "system") return 28;
  const m = item.message;
  const lines = Math.max(1, Math.ceil(m.html.length / 68) + (m.html.match(/<(?:br|li|p|div|tr)\b/g)?.length ?? 0));
  let height = 38 + (lines - 1) * 22 + (item.first ? (m.own ? 16 : 38) : 2);
  if (m.deleted) return height;
  if (m.quote) height += 44;
  if (m.reactions.length > 0) height += 32;
  for (const a of m.attached.slice(0, 4)) height += /^(image|video)\//.test(a.type) ? 220 : 46;
  return height + m.uploads.length * 70;
}
