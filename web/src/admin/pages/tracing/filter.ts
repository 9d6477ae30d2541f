// The words by which lines of a trace are chosen: call:k1 or peer:crm-link setup
import type { Line } from "./feed.ts";

export type Test = (l: Line) => boolean;

const members: Readonly<Record<string, (l: Line) => string>> = {
  call: (l) => l.call,
  peer: (l) => `${l.object}@${l.domain}`,
  user: (l) => l.object,
  domain: (l) => l.domain,
  conn: (l) => l.conn,
  api: (l) => l.api,
  mt: (l) => l.type,
  type: (l) => l.type,
  flag: (l) => l.flags.join(","),
  leg: (l) => l.leg,
  dropped: (l) => l.dropped,
};

/** Calls, connections and users are meant whole: call:k1 is not k12. */
const whole = new Set(["call", "conn", "user"]);

/**
 * Words stand together when all have to hold, and `or` begins the next alternative. A
 * word with a colon looks into that member; -word must not hold; other words are looked
 * for in everything.
 */
export function parseFilter(text: string): Test {
  const alternatives = text
    .toLowerCase()
    .split(/\s+or\s+/)
    .map((part) => part.split(/\s+/).filter(Boolean).map(term))
    .filter((list) => list.length > 0);
  if (alternatives.length === 0) return () => true;
  return (l) => alternatives.some((list) => list.every((t) => t(l)));
}

function term(text: string): Test {
  if (text.startsWith("-") && text.length > 1) {
    const inner = term(text.slice(1));
    return (l) => !inner(l);
  }
  const at = text.indexOf(":");
  const name = text.slice(0, at);
  const member = at > 0 && Object.hasOwn(members, name) ? members[name] : undefined;
  if (member) {
    const value = text.slice(at + 1);
    return whole.has(name) ? (l) => member(l).toLowerCase() === value : (l) => member(l).toLowerCase().includes(value);
  }
  return (l) => `${l.object} ${l.api} ${l.type} ${l.about} ${l.conn} ${l.call} ${l.dropped}`.toLowerCase().includes(text) || l.text.toLowerCase().includes(text);
}
