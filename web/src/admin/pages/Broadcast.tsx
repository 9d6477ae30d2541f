import { useEffect, useId, useState } from "preact/hooks";
import { t } from "../../i18n/index.ts";
import { Button } from "../../ui/Button.tsx";
import { Field, Segment } from "../../ui/Field.tsx";
import { number } from "../../ui/format.ts";
import { Html } from "../../ui/Html.tsx";
import { Banner, Empty, Skeleton } from "../../ui/parts.tsx";
import { toast } from "../../ui/Toast.tsx";
import { ask, Problem, sentence } from "../api.ts";
import { DomainChoice, useDomain } from "../domainChoice.tsx";
import { useLookups } from "./directory/lookups.ts";
import { Review } from "./messages/broadcast/Review.tsx";
import { html, meant, names, newKey, ways, type Preview, type Receivers, type Way } from "./messages/broadcast/sent.ts";
import { SentList } from "./messages/broadcast/SentList.tsx";

/** One message to many people of a domain. */
export default function Broadcast() {
  const { domains, domain, error } = useDomain();
  return (
    <>
      <header>
        <h1>{t("consoleMenu.pages.broadcast")}</h1>
        <DomainChoice domains={domains} domain={domain} />
      </header>
      <div class="body" tabIndex={0} role="region" aria-label={t("consoleMenu.pages.broadcast")}>
        {error && <Banner cord="carmine" icon="offline" fact={error} />}
        {!domains && !error && <Skeleton kind="lines" late={t("ui.loadingLong")} />}
        {domains?.length === 0 && <Empty title={t("consoleMessages.noDomain")} />}
        {domain && (
          <div class="grid broadcast">
            <Compose key={domain} domain={domain} />
            <SentList domain={domain} />
          </div>
        )}
      </div>
    </>
  );
}

/** How long typing pauses before receivers are counted. */
const pause = 300;

function Compose({ domain }: { domain: string }) {
  const [sender, setSender] = useState("");
  const [way, setWay] = useState<Way>("everybody");
  const [which, setWhich] = useState("");
  const [text, setText] = useState("");
  const [name, setName] = useState(newKey);
  const [review, setReview] = useState(false);
  const receivers: Receivers = { way, text: way === "everybody" ? "" : which };
  const found = useLookups(domain);
  const offered = way === "template" ? found.templates.map((o) => o.sip) : found.groups.map((g) => g.name);
  const [preview, problem] = usePreview(domain, sender, receivers, text);
  const of = (field: string) => (problem instanceof Problem ? problem.of(field) : undefined);
  // Another message has another name; the same one, tried again, keeps it.
  const changed = <T,>(set: (v: T) => void) => (v: T) => {
    set(v);
    setName(newKey());
  };
  const ready = sender !== "" && text.trim() !== "" && (preview?.receivers ?? 0) > 0;
  return (
    <section class="card">
      <h2>{t("consoleBroadcast.compose")}</h2>
      <form
        class="form"
        onSubmit={(e) => {
          e.preventDefault();
          if (ready) setReview(true);
        }}
      >
        <Field label={t("consoleBroadcast.sender")} hint={t("consoleBroadcast.senderHint")} value={sender} onInput={changed((v: string) => setSender(v.trim()))} error={of("sender")} mono dir="ltr" autocomplete="off" />
        <div class="field">
          <span class="lab">{t("consoleBroadcast.receivers")}</span>
          <Segment label={t("consoleBroadcast.receivers")} value={way} onChange={changed(setWay)} options={ways.map((value) => ({ value, word: t(`consoleBroadcast.ways.${value}`) }))} />
        </div>
        {(way === "template" || way === "group") && (
          <>
            <Field label={t(`consoleBroadcast.ways.${way}`)} value={which} onInput={changed(setWhich)} error={of(way)} mono dir="ltr" autocomplete="off" list="broadcast-which" />
            <datalist id="broadcast-which">
              {offered.map((name) => (
                <option key={name} value={name} />
              ))}
            </datalist>
          </>
        )}
        {way === "names" && <Area label={t("consoleBroadcast.names")} hint={t("consoleBroadcast.namesHint")} value={which} onInput={changed(setWhich)} mono />}
        <Area label={t("consoleBroadcast.text")} hint={t("consoleBroadcast.textHint")} value={text} onInput={changed(setText)} />
        {text.trim() !== "" && preview && (
          <div class="field">
            <span class="lab">{t("consoleBroadcast.preview")}</span>
            <Html class="bubble-preview" html={preview.text} />
          </div>
        )}
        <Count preview={preview} />
        {problem !== undefined && !(problem instanceof Problem && problem.errors.length > 0) && <p class="err" role="alert">{sentence(problem)}</p>}
        <div>
          <Button kind="pri" type="submit" disabled={!ready}>{t("consoleBroadcast.review")}</Button>
        </div>
      </form>
      {review && preview && (
        <Review
          domain={domain}
          sender={sender}
          receivers={receivers}
          text={text}
          preview={preview}
          name={name}
          onClose={() => setReview(false)}
          onSent={() => {
            setReview(false);
            setText("");
            setName(newKey());
            toast(t("consoleBroadcast.done"));
          }}
        />
      )}
    </section>
  );
}

function Count({ preview }: { preview: Preview | undefined }) {
  return (
    <p class="broadcast-count" role="status">
      {preview && t("consoleBroadcast.would", { count: preview.receivers, shown: number(preview.receivers) })}
      {preview && preview.unknown.length > 0 && <span class="warn"> {t("consoleBroadcast.unknown", { names: preview.unknown.slice(0, 20).join(", ") })}</span>}
    </p>
  );
}

/** Who would get it, and the text as it would arrive; asked for when typing pauses. */
function usePreview(domain: string, sender: string, receivers: Receivers, text: string): [Preview | undefined, unknown] {
  const [preview, setPreview] = useState<Preview | undefined>();
  const [problem, setProblem] = useState<unknown>();
  const known = receivers.way === "everybody" || (receivers.way === "names" ? names(receivers.text).length > 0 : receivers.text.trim() !== "");
  useEffect(() => {
    setPreview((p) => (known ? p : undefined));
    setProblem(undefined);
    if (!known) return;
    const abort = new AbortController();
    const timer = setTimeout(() => {
      const body = { ...meant(receivers), sender, text: html(text) };
      ask<Preview>("POST", ["domains", domain, "messages", "broadcast", "preview"], { body, signal: abort.signal }).then(
        (p) => setPreview(p),
        (e: unknown) => {
          if (abort.signal.aborted) return;
          setPreview(undefined);
          setProblem(e);
        },
      );
    }, pause);
    return () => {
      abort.abort();
      clearTimeout(timer);
    };
  }, [domain, sender, receivers.way, receivers.text, text]);
  return [preview, problem];
}

interface AreaProps {
  label: string;
  hint: string;
  value: string;
  onInput: (v: string) => void;
  mono?: boolean;
}

function Area({ label, hint, value, onInput, mono }: AreaProps) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <textarea id={id} class={mono ? "in mono" : "in"} rows={4} maxLength={40_000} dir="auto" value={value} aria-describedby={`${id}h`} onInput={(e) => onInput(e.currentTarget.value)} />
      <div class="hint" id={`${id}h`}>{hint}</div>
    </div>
  );
}
