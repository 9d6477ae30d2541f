// Small parts that pages of the directory share.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { Dialog } from "../../../ui/Dialog.tsx";
import { Field, Select } from "../../../ui/Field.tsx";
import { Icon } from "../../../ui/Icon.tsx";
import { useKeys } from "../../../ui/keys.ts";
import { Banner, Empty, Skeleton } from "../../../ui/parts.tsx";
import { Problem } from "../../api.ts";
import { chosenDomain, domain, domains, domainsFailed, loadDomains } from "./place.ts";

/** The choice of the domain; absent while there is one alone. */
export function DomainChoice() {
  const list = domains.value ?? [];
  if (list.length < 2) return null;
  return (
    <div class="domain-choice">
      <Select bare label={t("consoleDirectory.domain")} value={domain.value?.name ?? ""} options={list.map((d) => ({ value: d.name, word: d.name }))} onChange={(name) => (chosenDomain.value = name)} />
    </div>
  );
}

/** What stands in the place of a page that has no domain to show: still looking, failed, or none. */
export function NoDomain() {
  if (domainsFailed.value) return <Empty title={domainsFailed.value} act={{ word: t("ui.tryAgain"), run: () => void loadDomains() }} />;
  if (domains.value === undefined) return <Skeleton kind="table" late={t("ui.loadingLong")} />;
  return <Empty title={t("consoleDirectory.noDomain")}>{t("consoleDirectory.noDomainText")}</Empty>;
}

/** The search of a page, with its key written beside it. */
export function Search({ value, onInput, boxRef }: { value: string; onInput: (value: string) => void; boxRef: { current: HTMLInputElement | null } }) {
  return (
    <label class="search">
      <Icon name="search" small />
      <input ref={boxRef} value={value} maxLength={128} aria-label={t("consoleDirectory.search")} placeholder={t("consoleDirectory.search")} onInput={(e) => onInput(e.currentTarget.value)} />
      <span class="kbd">/</span>
    </label>
  );
}

/** A filter of a list: its name, and the choice in bold. */
export function Filt<V extends string>({ label, value, options, onChange }: { label: string; value: V; options: readonly { readonly value: V; readonly word: string }[]; onChange: (value: V) => void }) {
  const id = useId();
  return (
    <label class="filt" for={id}>
      {label}
      <select id={id} value={value} onChange={(e) => onChange(e.currentTarget.value as V)}>
        {options.map((o) => (
          <option key={o.value} value={o.value}>{o.word}</option>
        ))}
      </select>
      <Icon name="down" small />
    </label>
  );
}

/** What was refused and belongs to no field that is shown. */
export function Refusal({ problem, shown = [] }: { problem: Problem | undefined; shown?: readonly string[] }) {
  if (!problem || problem.code === "stale") return null;
  if (problem.errors.length > 0 && problem.errors.every((e) => shown.some((f) => e.field === f || e.field.endsWith(`.${f}`)))) return null;
  return <Banner cord="carmine" icon="warn" fact={problem.detail} />;
}

/** The place of a drawer whose content is on its way; it takes no focus, so that the drawer gets it once. */
export function Coming({ onClose }: { onClose: () => void }) {
  useKeys(() => [{ keys: "Escape", word: () => t("ui.close"), run: onClose }], [onClose]);
  return (
    <aside class="drawer" aria-busy="true" aria-label={t("ui.loadingLong")}>
      <div class="in-drawer">
        <Skeleton kind="lines" late={t("ui.loadingLong")} />
      </div>
    </aside>
  );
}

/** A problem of any error, so that forms have one way to show what went wrong. */
export function problemOf(e: unknown): Problem {
  return e instanceof Problem ? e : new Problem(0, "unknown", e instanceof Error ? e.message : String(e));
}

/** Lines of a list that a form edits: each has a key to take it away, the end one to add. */
export function Lines({ legend, hint, add, onAdd, children }: { legend: string; hint?: ComponentChildren; add?: string; onAdd?: (() => void) | undefined; children: ComponentChildren }) {
  return (
    <fieldset class="lines">
      <legend>{legend}</legend>
      {hint && <div class="hint">{hint}</div>}
      {children}
      {onAdd && (
        <div>
          <Button size="s" icon="add" onClick={onAdd}>{add}</Button>
        </div>
      )}
    </fieldset>
  );
}

interface Asked {
  readonly title: string;
  readonly text: ComponentChildren;
  readonly act: string;
  /** It is not done without. */
  readonly needed: boolean;
  /** Must be typed once more, where nothing can be undone. */
  readonly repeat: string | undefined;
  readonly done: (reason: string | undefined) => void;
}

const asked = signal<Asked | undefined>(undefined);

/** Asks why before something is destroyed; resolves with the reason, or undefined if it is not to be done. */
export function askReason(q: { title: string; text: ComponentChildren; act: string; needed?: boolean; repeat?: string }): Promise<string | undefined> {
  asked.value?.done(undefined);
  return new Promise((resolve) => {
    const done = (reason: string | undefined) => {
      asked.value = undefined;
      resolve(reason);
    };
    asked.value = { title: q.title, text: q.text, act: q.act, needed: q.needed ?? false, repeat: q.repeat, done };
  });
}

/** The question of the page; each page of the directory has it once. */
export function Reasons() {
  const q = asked.value;
  return q ? <ReasonDialog key={q.title} q={q} /> : null;
}

function ReasonDialog({ q }: { q: Asked }) {
  const [reason, setReason] = useState("");
  const [name, setName] = useState("");
  const ready = (!q.needed || reason.trim() !== "") && (q.repeat === undefined || name === q.repeat);
  return (
    <Dialog
      title={q.title}
      onClose={() => q.done(undefined)}
      foot={
        <>
          <Button kind="txt" onClick={() => q.done(undefined)}>{t("ui.cancel")}</Button>
          <Button kind="bad" disabled={!ready} onClick={() => q.done(reason.trim())}>{q.act}</Button>
        </>
      }
    >
      <p>{q.text}</p>
      {q.repeat !== undefined && <Field label={t("consoleDirectory.repeat", { name: q.repeat })} value={name} onInput={setName} mono autocomplete="off" />}
      <Field label={t("consoleDirectory.reason")} hint={t(q.needed ? "consoleDirectory.reasonNeeded" : "consoleDirectory.reasonHint")} value={reason} onInput={setReason} maxLength={200} autocomplete="off" />
    </Dialog>
  );
}
