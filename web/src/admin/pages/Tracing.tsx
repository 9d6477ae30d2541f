import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button, IconButton } from "../../ui/Button.tsx";
import { number } from "../../ui/format.ts";
import { Icon } from "../../ui/Icon.tsx";
import { useKeys } from "../../ui/keys.ts";
import { openMenu } from "../../ui/Menu.tsx";
import { Empty, Tag } from "../../ui/parts.tsx";
import { route } from "../../ui/route.ts";
import { toast } from "../../ui/Toast.tsx";
import { download, sentence } from "../api.ts";
import { usePoll } from "../poll.ts";
import { operator } from "../session.ts";
import { Feed, type Line } from "./tracing/feed.ts";
import { parseFilter } from "./tracing/filter.ts";
import { Flags } from "./tracing/Flags.tsx";
import { everywhere, listRules, type Scope } from "./tracing/rules.ts";
import { diagram } from "./tracing/sequence.ts";
import { SequenceBox } from "./tracing/SequenceBox.tsx";
import { Tail } from "./tracing/Tail.tsx";

/** Maintenance, tracing: flags as switches, what they record as it comes, and one call as a diagram. */
export default function Tracing() {
  const [start, filterAtStart] = fromAddress();
  const rules = usePoll(listRules, 5000);
  const on = rules.value.value?.length ?? 0;
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.tracing")}</h1>
        {on > 0 && <Tag cord="signal" lamp="live">{t("consoleTracing.on", { count: on })}</Tag>}
        {rules.error.value && <Tag cord="carmine">{rules.error.value}</Tag>}
        <span class="grow" />
        {operator.value && (
          <Button icon="code" onClick={() => window.open("/debug.xml", "_blank", "noopener")}>
            {t("consoleTracing.extended")}
          </Button>
        )}
        <Button
          icon="download"
          onClick={(e) =>
            openMenu(e.currentTarget, t("consoleTracing.download"), [
              { word: t("consoleTracing.asText"), icon: "file", run: () => void save("text") },
              { word: t("consoleTracing.asJson"), icon: "code", run: () => void save("json") },
            ])
          }
        >
          {t("consoleTracing.download")}
        </Button>
      </header>
      <div class="trace" data-scope="trace">
        <Flags rules={rules} start={start} />
        <Follow filterAtStart={filterAtStart} anyOn={on > 0} />
      </div>
    </>
  );
}

/** #/tracing/user/alice/example.com and #/tracing/call/k7/example.com come from the live lists. */
function fromAddress(): [Scope, string] {
  const [, kind, name = "", domain = ""] = route.value;
  if (kind === "user") return [{ ...everywhere, user: name, domain }, `user:${name}`];
  if (kind === "call") return [{ ...everywhere, call: name, domain }, `call:${name}`];
  if (kind === "conn") return [{ ...everywhere, connection: name }, `conn:${name}`];
  return [everywhere, ""];
}

async function save(format: "text" | "json"): Promise<void> {
  try {
    await download(["trace", "records"], { format }, format === "text" ? "trace.txt" : "trace.jsonl");
  } catch (e) {
    toast(sentence(e));
  }
}

function Follow({ filterAtStart, anyOn }: { filterAtStart: string; anyOn: boolean }) {
  const feed = useMemo(() => new Feed(), []);
  const [filter, setFilter] = useState(filterAtStart);
  const [side, setSide] = useState<"" | "in" | "out">("");
  const [frozen, setFrozen] = useState<readonly Line[] | undefined>();
  const [chosen, setChosen] = useState<Line | undefined>();
  const [call, setCall] = useState("");
  const box = useRef<HTMLInputElement>(null);
  useEffect(() => {
    feed.start();
    return () => feed.stop();
  }, [feed]);

  const version = feed.version.value;
  const all = frozen ?? feed.lines;
  const lines = useMemo(() => {
    const test = parseFilter(filter);
    return all.filter((l) => (side === "" || l.out === (side === "out")) && test(l));
  }, [all, version, filter, side]);
  const sequence = useMemo(() => (call ? diagram(all, call, t("consoleTracing.theSwitch")) : undefined), [all, version, call]);
  const pause = () => setFrozen(frozen ? undefined : [...feed.lines]);
  const choose = (l: Line) => {
    setChosen(l);
    if (l.call) setCall(l.call);
  };
  useKeys(
    () => [
      { keys: "/", word: () => t("consoleTracing.filter"), run: () => box.current?.focus() },
      { keys: "Space", word: () => t("consoleTracing.pause"), scope: "trace", run: pause },
      { keys: "F", word: () => t("consoleTracing.followCall"), scope: "trace", run: () => setFilter(call ? `call:${call}` : "") },
    ],
    [frozen, call],
  );

  return (
    <section class="tailbox" aria-label={t("consoleTracing.tail")}>
      <div class="toolbar wrap">
        <label class="search">
          <Icon name="filter" small />
          <input
            ref={box}
            class="grow"
            value={filter}
            placeholder={t("consoleTracing.filterExample")}
            aria-label={t("consoleTracing.filter")}
            onInput={(e) => setFilter(e.currentTarget.value)}
          />
        </label>
        <SideKey out={false} on={side === "in"} onClick={() => setSide(side === "in" ? "" : "in")} />
        <SideKey out on={side === "out"} onClick={() => setSide(side === "out" ? "" : "out")} />
        <span class="grow" />
        <State feed={feed} waiting={frozen ? feed.lines.length - frozen.length : 0} />
        <IconButton icon="trash" label={t("consoleTracing.clear")} onClick={() => feed.clear()} />
        <Button icon={frozen ? "play" : "pause"} aria-pressed={frozen !== undefined} onClick={pause}>
          {t(frozen ? "consoleTracing.goOn" : "consoleTracing.pause")}
        </Button>
      </div>
      {lines.length === 0 ? (
        <div class="tail none">
          <Empty title={t(all.length > 0 ? "consoleTracing.noMatch" : anyOn ? "consoleTracing.quiet" : "consoleTracing.noneOn")}>
            {t(all.length > 0 ? "consoleTracing.noMatchText" : anyOn ? "consoleTracing.quietText" : "consoleTracing.noneOnText")}
          </Empty>
        </div>
      ) : (
        <Tail lines={lines} chosen={chosen?.seq} onChoose={choose} />
      )}
      {chosen && (!sequence || chosen.call !== call) && <Frame line={chosen} onClose={() => setChosen(undefined)} />}
      {sequence && chosen?.call === call && (
        <>
          <SequenceBox diagram={sequence} chosen={chosen.seq} onChoose={(seq) => setChosen(all.find((l) => l.seq === seq))} onClose={() => setCall("")} />
          <Frame line={chosen} onClose={() => setChosen(undefined)} />
        </>
      )}
    </section>
  );
}

function SideKey({ out, on, onClick }: { out: boolean; on: boolean; onClick: () => void }) {
  return (
    <button class="filt" aria-pressed={on} onClick={onClick}>
      <span class={out ? "out-c" : "in-c"}>
        <Icon name={out ? "out" : "missed"} small />
      </span>
      {t(out ? "consoleTracing.sent" : "consoleTracing.received")}
    </button>
  );
}

/** How fast lines come, or that none can. */
function State({ feed, waiting }: { feed: Feed; waiting: number }) {
  if (feed.state.value !== "up") return <Tag cord={feed.state.value === "down" ? "carmine" : "ochre"}>{t(`consoleTracing.${feed.state.value}`)}</Tag>;
  return (
    <span class="hint num">
      {feed.lost.value > 0 && `${t("consoleTracing.lost", { count: feed.lost.value })} `}
      {waiting > 0 ? t("consoleTracing.waiting", { count: waiting }) : t("consoleTracing.rate", { rate: number(feed.rate.value) })}
    </span>
  );
}

/** The chosen line as it was sent. */
function Frame({ line, onClose }: { line: Line; onClose: () => void }) {
  return (
    <section class="framebox" aria-label={t("consoleTracing.frame")}>
      <h2>
        <span class="mono">{`${line.conn} ${line.leg}`}</span>
        <span class="grow" />
        <IconButton icon="copy" label={t("ui.copy")} onClick={() => void navigator.clipboard?.writeText(line.text).then(() => toast(t("ui.copied")))} />
        <IconButton icon="close" label={t("ui.close")} onClick={onClose} />
      </h2>
      <pre tabIndex={0}>{pretty(line.text) || t("consoleTracing.dropped", { reason: line.dropped })}</pre>
    </section>
  );
}

function pretty(text: string): string {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}
