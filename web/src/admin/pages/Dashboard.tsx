import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { IconButton } from "../../ui/Button.tsx";
import { Segment } from "../../ui/Field.tsx";
import { clock, dayAndClock, number, percent, size, span as spanWord } from "../../ui/format.ts";
import { Banner, Skeleton, Tag } from "../../ui/parts.tsx";
import { href } from "../../ui/route.ts";
import { ask, type Part } from "../api.ts";
import { Chart, Jacks, rate } from "../Chart.tsx";
import { usePoll, type Polled } from "../poll.ts";
import type { AuditEntry, Domain, DomainLicences, LicenceFeature, Link, Overview } from "../types.ts";

type Span = "15m" | "6h" | "7d";

/** How the switch does: figures, charts, app services, store, licences, what happened lately. */
export default function Dashboard() {
  const [span, setSpan] = useState<Span>("15m");
  const overview = usePoll((signal) => ask<Overview>("GET", ["overview"], { query: { span }, signal }), 5000, [span]);
  const links = usePoll((signal) => ask<Part<Link>>("GET", ["links"], { query: { limit: 1000 }, signal }), 5000);
  const o = overview.value.value;
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.dashboard")}</h1>
        <PartsTag links={links.value.value?.items} />
        <span class="grow" />
        <Segment
          label={t("consoleDashboard.span")}
          value={span}
          onChange={setSpan}
          options={(["15m", "6h", "7d"] as const).map((value) => ({ value, word: t(`consoleDashboard.spans.${value}`) }))}
        />
        <PauseKey poll={overview} />
      </header>
      <div class="body">
        {overview.error.value && (
          <Banner cord="carmine" icon="offline" fact={overview.error.value} act={{ word: t("ui.tryAgain"), run: () => overview.again() }}>
            {o && t("consoleDashboard.old", { time: clock(Date.parse(o.at)) })}
          </Banner>
        )}
        {o ? <Content o={o} links={links.value.value?.items ?? []} /> : <Skeleton kind="table" late={t("ui.loadingLong")} />}
      </div>
    </>
  );
}

export function PauseKey({ poll }: { poll: Polled<unknown> }) {
  const since = poll.paused.value;
  return (
    <>
      {since !== undefined && <Tag cord="ochre">{t("consoleMenu.live.pausedSince", { time: clock(since) })}</Tag>}
      <IconButton
        icon={since === undefined ? "pause" : "play"}
        label={t(since === undefined ? "consoleMenu.live.pause" : "consoleMenu.live.resume")}
        on={since !== undefined}
        onClick={() => poll.pause(since === undefined)}
      />
    </>
  );
}

function PartsTag({ links }: { links: readonly Link[] | undefined }) {
  const down = links?.filter((l) => !l.connected).length ?? 0;
  if (down === 0) return null;
  return <Tag cord="ochre" lamp="warn">{t("consoleDashboard.down", { count: down, of: links?.length ?? 0 })}</Tag>;
}

/** The points of a series; none when the switch does not know it. */
function points(o: Overview, name: string): readonly number[] {
  return o.series.find((s) => s.name === name)?.points ?? [];
}

const last = (list: readonly number[]): number => list.at(-1) ?? 0;

function Content({ o, links }: { o: Overview; links: readonly Link[] }) {
  const times = o.times.map((x) => Date.parse(x));
  return (
    <>
      <Figures o={o} />
      <div class="grid">
        <section class="card w8">
          <h2>{t("consoleDashboard.messagesPerSecond")}</h2>
          <Chart
            label={t("consoleDashboard.messagesPerSecond")}
            times={times}
            format={rate}
            lines={[
              { name: t("consoleDashboard.delivered"), cord: "signal", points: points(o, "delivered"), area: true },
              { name: t("consoleDashboard.stored"), cord: "ink", points: points(o, "stored") },
            ]}
          />
        </section>
        <Drops o={o} />
        <Services links={links} />
        <Store o={o} times={times} />
        <Licences />
      </div>
      <Lately />
    </>
  );
}

function Figure({ label, value, unit, children }: { label: string; value: string; unit?: string; children?: ComponentChildren }) {
  return (
    <div class="fig">
      <dt>{label}</dt>
      <dd class="v">
        {value}
        {unit && <small>{unit}</small>}
      </dd>
      <dd class="s">{children}</dd>
    </div>
  );
}

function Figures({ o }: { o: Overview }) {
  const registrations = points(o, "registrations");
  const change = last(registrations) - (registrations[0] ?? 0);
  const worst = o.drops[0];
  const perSecond = t("consoleDashboard.perSecond");
  return (
    <dl class="figs">
      <Figure label={t("consoleDashboard.registrations")} value={number(o.now["registrations"] ?? 0)}>
        <b>{change > 0 ? `+${number(change)}` : number(change)}</b> {t("consoleDashboard.inThatTime")}
      </Figure>
      <Figure label={t("consoleDashboard.callsNow")} value={number(o.now["calls"] ?? 0)}>
        {t("consoleDashboard.chatsNow", { count: o.now["chats"] ?? 0 })}
      </Figure>
      <Figure label={t("consoleDashboard.messages")} value={rate(last(points(o, "delivered")))} unit={perSecond}>
        {t("consoleDashboard.ofThemStored", { rate: rate(last(points(o, "stored"))) })}
      </Figure>
      <Figure label={t("consoleDashboard.drops")} value={rate(last(points(o, "drops")))} unit={perSecond}>
        {worst ? <span class="w">{worst.reason}</span> : t("consoleDashboard.noDrops")}
      </Figure>
      <Figure label={t("consoleDashboard.memory")} value={size(o.now["memory"] ?? 0)}>
        {t("consoleDashboard.upFor", { time: spanWord(Date.parse(o.at) - Date.parse(o.started), "long") })}
      </Figure>
    </dl>
  );
}

function Drops({ o }: { o: Overview }) {
  const most = o.drops[0]?.count ?? 1;
  return (
    <section class="card w4">
      <h2>
        {t("consoleDashboard.dropsByReason")}
        <span class="r">{t("consoleDashboard.lastHour")}</span>
      </h2>
      {o.drops.length === 0 && <p class="hint">{t("consoleDashboard.noDropsHour")}</p>}
      <div class="bars">
        {o.drops.slice(0, 6).map((d, i) => (
          <div key={d.reason} class={i === 0 ? "b first" : "b"}>
            <span class="mono">{d.reason}</span>
            <span class="num">{number(d.count)}</span>
            <u>
              <i ref={(el) => el?.style.setProperty("--part", `${Math.max(1, (100 * d.count) / most)}%`)} />
            </u>
          </div>
        ))}
      </div>
    </section>
  );
}

function Services({ links }: { links: readonly Link[] }) {
  return (
    <section class="card w4">
      <h2>
        {t("consoleDashboard.services")}
        <span class="r">{links.length > 5 ? t("consoleDashboard.firstOf", { count: links.length }) : ""}</span>
      </h2>
      {links.length === 0 && <p class="hint">{t("consoleDashboard.noServices")}</p>}
      <ul class="svc">
        {[...links]
          .sort((a, b) => Number(a.connected) - Number(b.connected))
          .slice(0, 5)
          .map((l) => (
            <li key={`${l.sip}@${l.domain}`}>
              <i class={l.connected ? "lamp open" : "lamp warn"} />
              <span class="ell">
                <bdi>{l.sip}</bdi>
                <small class="ell">{l.connected ? `${l.domain}, ${l.url || t("consoleDashboard.inProcess")}` : (l.error ?? t("consoleDashboard.connecting"))}</small>
              </span>
              <span class="num">{l.connected && l.since ? spanWord(Date.now() - Date.parse(l.since)) : t("consoleDashboard.isDown")}</span>
            </li>
          ))}
      </ul>
    </section>
  );
}

function Store({ o, times }: { o: Overview; times: readonly number[] }) {
  const commit = points(o, "commit");
  const ms = last(commit.filter((v) => v > 0)) * 1000;
  return (
    <section class="card w4">
      <h2>
        {t("consoleDashboard.store")}
        <span class="r">{o.store === "sqlite" ? "SQLite" : "PostgreSQL"}</span>
      </h2>
      <Chart spark label={t("consoleDashboard.commit")} times={times} format={(v) => `${number(v * 1000, 1)} ms`} lines={[{ name: t("consoleDashboard.commit"), cord: "petrol", points: commit }]} />
      <ul class="svc short">
        <li>
          <span>{t("consoleDashboard.commit")}</span>
          <span class="num">{ms ? `${number(ms, 1)} ms` : t("consoleDashboard.none")}</span>
        </li>
        <li>
          <span>{t("consoleDashboard.perCommit")}</span>
          <span class="num">{number(last(points(o, "perCommit").filter((v) => v > 0)), 1)}</span>
        </li>
        {o.disk && (
          <li>
            <span>{t("consoleDashboard.free")}</span>
            <span class="num">{`${percent(o.disk.free / o.disk.total)}, ${size(o.disk.free)}`}</span>
          </li>
        )}
      </ul>
    </section>
  );
}

/** Licences of the first domain that has counted ones; the page of licences has all. */
async function counted(signal: AbortSignal): Promise<{ domain: string; features: readonly LicenceFeature[] } | null> {
  const domains = await ask<Part<Domain>>("GET", ["domains"], { query: { limit: 20 }, signal });
  for (const d of domains.items) {
    const lics = await ask<DomainLicences>("GET", ["domains", d.name, "licences"], { signal });
    const features = lics.features.filter((f) => f.entitled !== undefined);
    if (features.length > 0) return { domain: d.name, features };
  }
  return null;
}

function Licences() {
  const found = usePoll(counted, 60_000).value.value;
  const per = Math.max(1, Math.ceil(Math.max(0, ...(found?.features.map((f) => f.entitled ?? 0) ?? [])) / 200));
  return (
    <section class="card w4">
      <h2>
        {t("consoleDashboard.licences")}
        <span class="r">{found && t("consoleDashboard.oneJack", { count: per })}</span>
      </h2>
      {found === null && (
        <p class="hint">
          {t("consoleDashboard.unlimited")} <a href={href("licences")}>{t("consoleMenu.pages.licences")}</a>
        </p>
      )}
      <div class="jf">
        {found?.features.slice(0, 4).map((f) => {
          const used = f.used ?? 0;
          const full = used >= (f.entitled ?? 0) * 0.95;
          return (
            <div key={f.name} class={full ? "full" : undefined}>
              <div class="jh">
                <span class="grow mono">{f.name}</span>
                <span class={full ? "num full" : "num"}>{t("consoleDashboard.usedOf", { used: number(used), of: number(f.entitled ?? 0) })}</span>
              </div>
              <Jacks used={used} of={f.entitled ?? 0} per={per} />
            </div>
          );
        })}
      </div>
    </section>
  );
}

function Lately() {
  const rows = usePoll((signal) => ask<Part<AuditEntry>>("GET", ["audit"], { query: { limit: 5, order: "newest" }, signal }), 10_000);
  const list = rows.value.value?.items ?? [];
  return (
    <section class="card">
      <h2>
        {t("consoleDashboard.lately")}
        <span class="r">
          <a href={href("audit")}>{t("consoleDashboard.all")}</a>
        </span>
      </h2>
      {list.length === 0 && <p class="hint">{t("consoleDashboard.nothing")}</p>}
      <ul class="ev">
        {list.map((e) => (
          <li key={e.number}>
            <i class={e.outcome === "done" ? "lamp open" : "lamp warn"} />
            <time>{dayAndClock(Date.parse(e.time))}</time>
            <span class="ell">
              <span class="mono">{e.act}</span> <bdi>{e.object.name ?? e.domain.name ?? ""}</bdi>
            </span>
            <span class="who2">
              <bdi>{e.actor.name ?? e.actor.kind}</bdi>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
