import { useEffect, useState } from "preact/hooks";
import { ask } from "../../ui/Dialog.tsx";
import { clock, dayAndClock, number, span } from "../../ui/format.ts";
import { Banner } from "../../ui/parts.tsx";
import { t } from "../../i18n/index.ts";
import type { Chat, Line, Model } from "../model/types.ts";

/**
 * The truth about the line and about what is kept, under the bar of a conversation (with
 * its chat) or at the head of the page (without). One banner at a time: the line first.
 * `kept`: the messages below are those that this device has kept.
 */
export function Banners({ model, chat, kept = false }: { model: Model; chat?: Chat | undefined; kept?: boolean }) {
  const line = model.line.value;
  if (line.state !== "up") return <OfflineBanner model={model} line={line} kept={kept} />;
  if (line.store === "off") return <VolatileBanner why={line.why} all />;
  if (line.store === "away")
    return (
      <Banner cord="ochre" icon="store" fact={t("shell.banner.awayFact")}>
        {t("shell.banner.awayText")}
      </Banner>
    );
  if (chat?.volatile) return <VolatileBanner why={undefined} all={false} />;
  return null;
}

function VolatileBanner({ why, all }: { why: string | undefined; all: boolean }) {
  const text = all ? t("shell.banner.volatileAll") : t("shell.banner.volatileOne");
  const explainIt = () => void ask({ title: t("shell.banner.volatileFact"), text: why ? t("shell.error.because", { what: t("shell.banner.volatileWhy"), reason: why }) : t("shell.banner.volatileWhy"), act: t("ui.close") });
  return (
    <Banner cord="ochre" icon="empty" fact={t("shell.banner.volatileFact")} act={{ word: t("shell.banner.why"), run: explainIt }}>
      {text}
    </Banner>
  );
}

/** Since when, how many wait, when the next try is. Nothing for the first second: lines blink. */
function OfflineBanner({ model, line, kept }: { model: Model; line: Line; kept: boolean }) {
  const now = useNow();
  const since = line.since ?? now;
  if (now - since < 1000 && line.waiting === 0) return null;
  const left = line.next === undefined ? 0 : Math.max(0, line.next - now);
  const trying = line.state === "connecting" || left === 0;
  return (
    <Banner
      cord="ochre"
      icon="offline"
      fact={t("shell.banner.offlineFact", { time: now - since > 20 * 3_600_000 ? dayAndClock(since) : clock(since) })}
      act={trying ? undefined : { word: t("shell.banner.tryNow"), run: () => model.retryLine() }}
    >
      {kept && <>{t("shell.banner.kept")} </>}
      {line.waiting > 0 ? t("shell.banner.waiting", { count: line.waiting, shown: number(line.waiting) }) : t("shell.banner.noneWaiting")}{" "}
      <span class="num" aria-hidden="true">{trying ? t("shell.banner.trying") : t("shell.banner.next", { span: span(left) })}</span>
    </Banner>
  );
}

function useNow(): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return now;
}
