// Hash routes of client and console: #/chat/<name>, #/settings/devices, #/objects/42.
import { computed, signal } from "@preact/signals";

/** The parts of the address after #/, decoded. Empty at the start. */
export type Route = readonly string[];

export function parseRoute(hash: string): Route {
  const path = hash.replace(/^#?\/?/, "");
  if (path === "") return [];
  return path.split("/").map((part) => {
    try {
      return decodeURIComponent(part);
    } catch {
      return part; // somebody typed a lone %
    }
  });
}

/** The address of a route, for links: `href={href("chat", name)}`. */
export function href(...parts: readonly string[]): string {
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

const hash = signal(globalThis.location?.hash ?? "");
/** Where the page was before, if that is one step back in the history. */
let before: string | undefined;

function follow(to: string): void {
  if (to === hash.peek()) return;
  before = hash.peek();
  hash.value = to;
}

globalThis.addEventListener?.("hashchange", () => follow(location.hash));

/** Where the page is. */
export const route = computed<Route>(() => parseRoute(hash.value));

/** Goes to a route; `replace` leaves no step in the history. */
export function go(parts: Route, replace = false): void {
  const to = href(...parts);
  if (replace) {
    history.replaceState(history.state, "", to);
    hash.value = to;
  } else if (to !== location.hash) {
    location.hash = to;
    follow(to); // hashchange comes later; screens change at once
  }
}

/** Leaves a pane for what it covers: a step back where one came from there, so that the browser's own back key agrees. */
export function back(parts: Route): void {
  const to = href(...parts);
  if (before !== undefined && href(...parseRoute(before)) === to) {
    before = undefined;
    history.back();
  } else go(parts, true);
}
