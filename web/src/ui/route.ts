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
globalThis.addEventListener?.("hashchange", () => {
  hash.value = location.hash;
});

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
    hash.value = to; // hashchange comes later; screens change at once
  }
}
