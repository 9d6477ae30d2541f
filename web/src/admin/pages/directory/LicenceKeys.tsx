import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { Checkbox, Field } from "../../../ui/Field.tsx";
import { date } from "../../../ui/format.ts";
import { Banner, Empty, Skeleton, Tag } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, Problem, sentence, type Part } from "../../api.ts";
import { usePoll } from "../../poll.ts";
import { operator } from "../../session.ts";
import { Table, type Column } from "../../Table.tsx";
import { askReason, problemOf, Refusal } from "./parts.tsx";

interface Key {
  readonly id: string;
  readonly name?: string;
  readonly public: string;
  readonly issues: boolean;
  readonly made: string;
  readonly revoked?: string;
}

interface Made extends Key {
  readonly private?: string;
  readonly first: boolean;
  readonly given: readonly string[];
}

/** Keys that sign licences here, or are trusted to. */
export function LicenceKeys() {
  const [act, setAct] = useState<"make" | "trust" | undefined>();
  const poll = usePoll((signal) => ask<Part<Key>>("GET", ["licence-keys"], { signal }), 0);
  const rows = poll.value.value?.items;
  const done = () => {
    setAct(undefined);
    poll.again();
  };
  return (
    <>
      {operator.value && (
        <div class="toolbar">
          <Button size="s" icon="add" onClick={() => setAct("make")}>{t("consoleLicences.makeKey")}</Button>
          <Button size="s" icon="link" onClick={() => setAct("trust")}>{t("consoleLicences.trust")}</Button>
        </div>
      )}
      {poll.error.value && <Banner cord="carmine" icon="offline" fact={poll.error.value} act={{ word: t("ui.tryAgain"), run: () => poll.again() }} />}
      {!rows && !poll.error.value && <Skeleton kind="table" />}
      {rows?.length === 0 && <Empty title={t("consoleLicences.noKeys")}>{t("consoleLicences.noKeysText")}</Empty>}
      {rows && rows.length > 0 && <Table label={t("consoleLicences.views.keys")} rows={rows} keyOf={(k) => k.id} columns={columns((k) => void revoke(k).then(() => poll.again()))} />}
      {act === "make" && <MakeKey onDone={done} />}
      {act === "trust" && <TrustKey onDone={done} />}
    </>
  );
}

async function revoke(k: Key): Promise<void> {
  const reason = await askReason({ title: t("consoleLicences.revokeKeyTitle", { key: k.name || k.id }), text: t("consoleLicences.revokeKeyText"), act: t("consoleLicences.revoke") });
  if (reason === undefined) return;
  try {
    await ask("DELETE", ["licence-keys", k.id], { reason });
    toast(t("consoleLicences.keyRevoked"));
  } catch (e) {
    if (e instanceof Problem && e.code === "licences_in_use") await force(k, e);
    else toast(sentence(e));
  }
}

/** It is in use: said with what ends, and asked once more. */
async function force(k: Key, why: Problem): Promise<void> {
  const reason = await askReason({ title: t("consoleLicences.revokeKeyTitle", { key: k.name || k.id }), text: why.detail, act: t("consoleLicences.revokeAll"), needed: true, repeat: k.id });
  if (reason === undefined) return;
  try {
    await ask("DELETE", ["licence-keys", k.id], { query: { force: true }, reason });
    toast(t("consoleLicences.keyRevoked"));
  } catch (e) {
    toast(sentence(e));
  }
}

function columns(end: (k: Key) => void): readonly Column<Key>[] {
  return [
    { id: "dn", word: t("consoleDirectory.name"), width: "2", cell: (k) => <bdi>{k.name || "–"}</bdi> },
    { id: "id", word: t("consoleLicences.key"), width: "2", cell: (k) => <span class="mono">{k.id}</span> },
    { id: "public", word: t("consoleLicences.public"), width: "3", more: true, cell: (k) => <span class="mono" title={k.public}>{k.public}</span> },
    { id: "kind", word: "", width: "l", more: true, cell: (k) => (k.revoked ? <Tag cord="carmine">{t("consoleLicences.states.revoked")}</Tag> : <Tag cord={k.issues ? "fern" : "petrol"}>{t(k.issues ? "consoleLicences.issues" : "consoleLicences.trusted")}</Tag>) },
    { id: "made", word: t("consoleLicences.since"), width: "m", more: true, cell: (k) => <span class="dim">{date(Date.parse(k.made))}</span> },
    { id: "act", word: "", width: "m", num: true, cell: (k) => operator.value && !k.revoked && <Button size="s" onClick={() => end(k)}>{t("consoleLicences.revoke")}</Button> },
  ];
}

function MakeKey({ onDone }: { onDone: () => void }) {
  const [name, setName] = useState("");
  const [hand, setHand] = useState(false);
  const [made, setMade] = useState<Made | undefined>();
  const [problem, setProblem] = useState<Problem | undefined>();
  const make = async () => {
    try {
      setMade(await ask<Made>("POST", ["licence-keys"], { body: { name, hand } }));
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  if (made) {
    return (
      <Dialog title={t("consoleLicences.keyMade")} onClose={onDone} foot={<Button kind="pri" onClick={onDone}>{t("ui.close")}</Button>}>
        {made.first && <p>{t("consoleLicences.first", { count: made.given.length, domains: made.given.join(", ") })}</p>}
        <TextOut label={t("consoleLicences.public")} text={made.public} />
        {made.private && (
          <>
            <p><b>{t("consoleLicences.privateOnce")}</b></p>
            <TextOut label={t("consoleLicences.private")} text={made.private} />
          </>
        )}
      </Dialog>
    );
  }
  return (
    <Dialog
      title={t("consoleLicences.makeKey")}
      onClose={onDone}
      foot={
        <>
          <Button kind="txt" onClick={onDone}>{t("ui.cancel")}</Button>
          <Button kind="pri" onClick={() => void make()}>{t("consoleDirectory.make")}</Button>
        </>
      }
    >
      <p>{t("consoleLicences.makeKeyText")}</p>
      <Refusal problem={problem} shown={["name"]} />
      <Field label={t("consoleDirectory.name")} value={name} onInput={setName} error={problem?.of("name")} autocomplete="off" maxLength={64} />
      <Checkbox label={t("consoleLicences.hand")} on={hand} onChange={setHand} />
    </Dialog>
  );
}

function TrustKey({ onDone }: { onDone: () => void }) {
  const [k, setKey] = useState({ public: "", name: "" });
  const [problem, setProblem] = useState<Problem | undefined>();
  const trust = async () => {
    try {
      await ask("POST", ["licence-keys", "trust"], { body: k });
      onDone();
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  return (
    <Dialog
      title={t("consoleLicences.trust")}
      onClose={onDone}
      foot={
        <>
          <Button kind="txt" onClick={onDone}>{t("ui.cancel")}</Button>
          <Button kind="pri" disabled={k.public.trim() === ""} onClick={() => void trust()}>{t("consoleLicences.trustAct")}</Button>
        </>
      }
    >
      <p>{t("consoleLicences.trustText")}</p>
      <Refusal problem={problem} shown={["public", "name"]} />
      <Field label={t("consoleLicences.public")} value={k.public} onInput={(v) => setKey({ ...k, public: v.trim() })} error={problem?.of("public")} mono autocomplete="off" maxLength={256} />
      <Field label={t("consoleDirectory.name")} value={k.name} onInput={(name) => setKey({ ...k, name })} error={problem?.of("name")} autocomplete="off" maxLength={64} />
    </Dialog>
  );
}

/** A text to be taken away, with a key that copies it. */
export function TextOut({ label, text }: { label: string; text: string }) {
  const copy = () =>
    void navigator.clipboard?.writeText(text).then(
      () => toast(t("ui.copied")),
      (e: unknown) => toast(sentence(e)),
    );
  return (
    <div class="field">
      <span class="lab">{label}</span>
      <pre class="text-out" tabIndex={0} aria-label={label}>{text}</pre>
      {"clipboard" in navigator && (
        <div>
          <Button size="s" icon="copy" onClick={copy}>{t("ui.copy")}</Button>
        </div>
      )}
    </div>
  );
}
