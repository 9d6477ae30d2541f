import { useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { date, number } from "../../ui/format.ts";
import { Banner, Skeleton, Tag } from "../../ui/parts.tsx";
import { Tabs } from "../../ui/Tabs.tsx";
import { go, route } from "../../ui/route.ts";
import { ask } from "../api.ts";
import { Jacks } from "../Chart.tsx";
import { usePoll } from "../poll.ts";
import { operator, seesAll } from "../session.ts";
import type { DomainLicences, LicenceFeature } from "../types.ts";
import { InstalledLicences } from "./directory/InstalledLicences.tsx";
import { LicenceKeys } from "./directory/LicenceKeys.tsx";
import { InstallLicence, IssueLicence } from "./directory/NewLicence.tsx";
import { DomainChoice, NoDomain, Reasons } from "./directory/parts.tsx";
import { domain, useDomains } from "./directory/place.ts";
import type { DomainRow } from "./directory/types.ts";

const views = ["used", "installed", "keys"] as const;
type View = (typeof views)[number];

/** What domains may use: #/licences, #/licences/installed, #/licences/keys. */
export default function Licences() {
  useDomains();
  const view: View = views.find((v) => v === route.value[1]) ?? "used";
  const [act, setAct] = useState<"issue" | "install" | undefined>();
  const [stamp, setStamp] = useState(0);
  const changed = () => setStamp(stamp + 1);
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.licences")}</h1>
        <span class="grow" />
        {operator.value && (
          <div class="head-acts">
            <Button icon="upload" onClick={() => setAct("install")}>{t("consoleLicences.install")}</Button>
            <Button kind="pri" icon="add" onClick={() => setAct("issue")}>{t("consoleLicences.issue")}</Button>
          </div>
        )}
      </header>
      <div class="body fill">
        {seesAll.value ? (
          <Tabs label={t("consoleMenu.pages.licences")} value={view} tabs={views.map((value) => ({ value, word: t(`consoleLicences.views.${value}`) }))} onChange={(v) => go(v === "used" ? ["licences"] : ["licences", v], true)} class="fill-rest">
            {view === "used" && <Used key={stamp} />}
            {view === "installed" && <InstalledLicences key={stamp} />}
            {view === "keys" && <LicenceKeys key={stamp} />}
          </Tabs>
        ) : (
          <Used />
        )}
      </div>
      {act === "issue" && <IssueLicence onClose={() => setAct(undefined)} onInstalled={changed} />}
      {act === "install" && <InstallLicence onClose={() => setAct(undefined)} onInstalled={changed} />}
      <Reasons />
    </>
  );
}

function Used() {
  const here = domain.value;
  if (!here) return <NoDomain />;
  return (
    <>
      <div class="toolbar">
        <DomainChoice />
      </div>
      <OfDomain key={here.name} domain={here} />
    </>
  );
}

/** What a domain has, as fields of jacks. */
function OfDomain({ domain: here }: { domain: DomainRow }) {
  const poll = usePoll((signal) => ask<DomainLicences>("GET", ["domains", here.name, "licences"], { signal }), 15_000, [here.name]);
  const found = poll.value.value;
  if (!found) return poll.error.value ? <Banner cord="carmine" icon="offline" fact={poll.error.value} act={{ word: t("ui.tryAgain"), run: () => poll.again() }} /> : <Skeleton kind="lines" />;
  return (
    <div class="licence-list">
      {found.unlimited && <p>{t("consoleLicences.unlimited", { domain: here.name })}</p>}
      {!found.unlimited && found.features.length === 0 && <p>{t("consoleLicences.nothing", { domain: here.name })}</p>}
      {found.features.map((f) => (
        <Feature key={f.name} f={f} />
      ))}
    </div>
  );
}

const mostJacks = 400;

/** One jack stands for so many users that a field has at most 400 of them. */
export function perJack(of: number): number {
  for (let per = 1; ; per *= 10) if (of / per <= mostJacks) return per;
}

function Feature({ f }: { f: LicenceFeature }) {
  const of = f.entitled;
  const used = f.used ?? 0;
  const assigned = f.assigned ?? 0;
  const full = of !== undefined && assigned >= of * 0.95;
  const per = perJack(of ?? 0);
  return (
    <section class="card">
      <h2>
        <span class="mono">{f.name}</span>
        {f.test && <Tag cord="petrol">{t("consoleLicences.test")}</Tag>}
        <span class="r num">
          {of === undefined ? t("consoleLicences.forAll") : t("consoleLicences.usedOf", { used: number(used), of: number(of) })}
        </span>
      </h2>
      {of !== undefined && (
        <div class={full ? "jf full" : "jf"}>
          <div class="jh">
            <span class="grow">{per > 1 && t("consoleLicences.oneJack", { count: number(per) })}</span>
            <span class={full ? "num full" : "num"}>{t("consoleLicences.assigned", { count: number(assigned) })}</span>
          </div>
          <Jacks used={used} of={of} per={per} />
        </div>
      )}
      {f.until && <p class="hint">{t("consoleLicences.until", { date: date(Date.parse(f.until)) })}</p>}
    </section>
  );
}
