import { t } from "../../../../i18n/index.ts";
import { clock, number } from "../../../../ui/format.ts";
import { Html } from "../../../../ui/Html.tsx";
import { Progress } from "../../../../ui/parts.tsx";
import { usePoll } from "../../../poll.ts";
import { follow, sent, type Counts, type Receivers, type Sent } from "./sent.ts";

/** What was sent since the page was loaded, with counts that follow. */
export function SentList({ domain }: { domain: string }) {
  const list = sent.value.filter((s) => s.domain === domain);
  const poll = usePoll((signal) => follow(domain, signal), 3000, [domain]);
  return (
    <section class="card">
      <h2>{t("consoleBroadcast.sentHere")}</h2>
      {poll.error.value && <p class="err" role="status">{poll.error.value}</p>}
      {list.length === 0 && <p class="hint">{t("consoleBroadcast.nothingSent")}</p>}
      <ul class="sent-list">
        {list.map((s) => (
          <One key={`${s.state.sender} ${s.state.id}`} sent={s} />
        ))}
      </ul>
    </section>
  );
}

const figures: readonly (keyof Counts)[] = ["total", "sent", "delivered", "read", "failed", "unknown"];

function One({ sent: s }: { sent: Sent }) {
  const c = s.state.counts;
  return (
    <li>
      <div class="sent-head">
        <b><bdi>{s.state.sender}</bdi></b>
        <span class="dim">{whom(s.receivers)}</span>
        <time class="dim" dateTime={new Date(s.at).toISOString()}>{clock(s.at)}</time>
      </div>
      <Html class="sent-text" html={s.text} />
      <Progress part={c.total === 0 ? 0 : c.delivered / c.total} label={t("consoleBroadcast.counts.delivered")} />
      <dl class="sent-counts">
        {figures.filter((f) => (f !== "failed" && f !== "unknown") || c[f] > 0).map((f) => (
          <div key={f} class={f === "failed" ? "bad" : undefined}>
            <dt>{t(`consoleBroadcast.counts.${f}`)}</dt>
            <dd>{number(c[f])}</dd>
          </div>
        ))}
      </dl>
      {s.state.unknown.length > 0 && <p class="hint">{t("consoleBroadcast.unknown", { names: s.state.unknown.slice(0, 20).join(", ") })}</p>}
    </li>
  );
}

/** Who is meant, in words. */
export function whom(r: Receivers): string {
  return t(`consoleBroadcast.whom.${r.way}`, { name: r.text.trim() });
}
