import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { go, route } from "../../ui/route.ts";
import { Tabs } from "../../ui/Tabs.tsx";
import { operator, you } from "../session.ts";
import { Reasons } from "./directory/parts.tsx";
import { Account } from "./settings/Account.tsx";
import { Administrators } from "./settings/Administrators.tsx";
import { Appearance } from "./settings/Appearance.tsx";
import { Installation } from "./settings/Installation.tsx";
import { Keys } from "./settings/Keys.tsx";
import { Tokens } from "./settings/Tokens.tsx";

const bodies = { account: Account, appearance: Appearance, keys: Keys, tokens: Tokens, administrators: Administrators, installation: Installation } satisfies Record<string, ComponentType>;
type Tab = keyof typeof bodies;

/** Whether the one who is signed in has use for a part. */
function mayOpen(tab: Tab): boolean {
  if (tab === "installation") return operator.value;
  if (tab === "administrators") return you.value?.grants.some((g) => g.role === "operator" || g.role === "org_admin") ?? false;
  return true;
}

/** One's own account and choices, and what an operator does to the installation. */
export default function Settings() {
  const tabs = (Object.keys(bodies) as Tab[]).filter(mayOpen);
  const at = tabs.find((x) => x === route.value[1]) ?? "account";
  const Body = bodies[at];
  const box = useRef<HTMLDivElement>(null);
  // On a phone the tabs scroll: the one that is shown is in view.
  useEffect(() => box.current?.querySelector("[aria-selected=true]")?.scrollIntoView({ inline: "nearest", block: "nearest" }), [at]);
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.settings")}</h1>
      </header>
      <div class="set-page" ref={box}>
        <Tabs label={t("consoleMenu.pages.settings")} value={at} tabs={tabs.map((value) => ({ value, word: t(`consoleSettings.tabs.${value}`) }))} onChange={(v) => go(["settings", v], true)} class="set-body">
          <Body key={at} />
        </Tabs>
      </div>
      <Reasons />
    </>
  );
}
