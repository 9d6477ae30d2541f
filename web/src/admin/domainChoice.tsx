// Pages about one domain: which one, kept while one goes from page to page.
import { Select } from "../ui/Field.tsx";
import { isString, setting } from "../ui/settings.ts";
import { t } from "../i18n/index.ts";
import { ask, type Part } from "./api.ts";
import { usePoll } from "./poll.ts";
import type { Domain } from "./types.ts";

const chosen = setting("console.domain", "", isString);

/** The domains that one may see, and the chosen one of them. */
export function useDomain(): { readonly domains: readonly Domain[] | undefined; readonly domain: string; readonly error: string | undefined } {
  const poll = usePoll((signal) => ask<Part<Domain>>("GET", ["domains"], { query: { limit: 1000 }, signal }), 0);
  const domains = poll.value.value?.items;
  const known = domains?.some((d) => d.name === chosen.value);
  const domain = domains === undefined ? "" : known ? chosen.value : (domains.find((d) => d.default)?.name ?? domains[0]?.name ?? "");
  return { domains, domain, error: poll.error.value };
}

/** The choice itself; nothing where there is one domain only. */
export function DomainChoice({ domains, domain }: { domains: readonly Domain[] | undefined; domain: string }) {
  if (!domains || domains.length < 2) return domain ? <span class="hint">{domain}</span> : null;
  return (
    <Select label={t("consoleMessages.domain")} bare value={domain} onChange={(name) => (chosen.value = name)} options={domains.map((d) => ({ value: d.name, word: d.name }))} />
  );
}
