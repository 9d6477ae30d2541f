// The domain that the pages of the directory show, and what one may do there.
import { computed, signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { isString, setting } from "../../../ui/settings.ts";
import { ask, sentence, type Part } from "../../api.ts";
import { you, type Grant } from "../../session.ts";
import type { DomainRow } from "./types.ts";

const all = signal<readonly DomainRow[] | undefined>(undefined);
const failed = signal<string | undefined>(undefined);
/** Those that one may see, by name; undefined until they are known. */
export const domains = computed(() => all.value);
export const domainsFailed = computed(() => failed.value);

/** Name of the domain that was chosen last. */
export const chosenDomain = setting("adminDomain", "", isString);

/** The domain that is shown: the chosen one, else that for logins without, else the first. */
export const domain = computed<DomainRow | undefined>(() => {
  const list = all.value ?? [];
  return list.find((d) => d.name === chosenDomain.value) ?? list.find((d) => d.default) ?? list[0];
});

/** Lists are read in parts; more domains than this in one choice help nobody. */
const mostParts = 20;

export async function loadDomains(): Promise<void> {
  try {
    const found: DomainRow[] = [];
    let cursor: string | undefined;
    for (let i = 0; i < mostParts && (i === 0 || cursor); i++) {
      const part: Part<DomainRow> = await ask("GET", ["domains"], { query: { limit: 1000, cursor } });
      found.push(...part.items);
      cursor = part.next;
    }
    all.value = found;
    failed.value = undefined;
  } catch (e) {
    failed.value = sentence(e);
  }
}

/** Knows the domains while a page is shown; they are asked for anew with each page. */
export function useDomains(): void {
  useEffect(() => void loadDomains(), []);
}

/** Whether somebody with these grants changes objects of a domain. The API decides; this hides keys of no use. */
export function writesIn(grants: readonly Grant[], d: Pick<DomainRow, "name" | "org">): boolean {
  return managesDomain(grants, d) || grants.some((g) => g.role === "domain_admin" && g.domain === d.name);
}

/** Whether somebody with these grants changes the domain itself. */
export function managesDomain(grants: readonly Grant[], d: Pick<DomainRow, "org">): boolean {
  return grants.some((g) => g.role === "operator" || (g.role === "org_admin" && g.org !== undefined && g.org === d.org));
}

const grants = computed(() => you.value?.grants ?? []);
/** One changes objects of the domain that is shown. */
export const writesHere = computed(() => domain.value !== undefined && writesIn(grants.value, domain.value));
export const mayManage = (d: DomainRow): boolean => managesDomain(grants.value, d);
/** Organisations in which one makes domains; undefined: in any. */
export const ownOrgs = computed(() => (grants.value.some((g) => g.role === "operator") ? undefined : grants.value.filter((g) => g.role === "org_admin").map((g) => g.org ?? "")));
