// Small parts: badge, tag, banner, skeleton, empty.
import type { ComponentChildren } from "preact";
import { useEffect, useState } from "preact/hooks";
import { Button } from "./Button.tsx";
import { cx } from "./cx.ts";
import { Icon } from "./Icon.tsx";
import type { IconName } from "./icons.ts";

/** A number of news. `quiet` is an outline (muted). `label` is read after the number ("unread"). */
export function Badge({ count, quiet, label }: { count: number; quiet?: boolean | undefined; label: string }) {
  return (
    <span class={cx("badge", quiet && "q")}>
      {count > 999 ? "999+" : count}
      <span class="vh"> {label}</span>
    </span>
  );
}

export type Cord = "signal" | "fern" | "ochre" | "carmine" | "petrol";

export function Tag({ cord, lamp, class: more, children }: { cord?: Cord | undefined; lamp?: "live" | "bad" | "warn" | "open" | undefined; class?: string | undefined; children: ComponentChildren }) {
  return (
    <span class={cx("tag", cord, more)}>
      {lamp && <i class={`lamp ${lamp}`} />}
      {children}
    </span>
  );
}

export interface BannerProps {
  /** ochre passes, carmine does not. */
  cord: "ochre" | "carmine";
  icon: IconName;
  /** The bold fact. */
  fact: ComponentChildren;
  /** What it means. */
  children?: ComponentChildren;
  act?: { readonly word: string; readonly run: () => void } | undefined;
}

/** The truth in one line, with one act. */
export function Banner({ cord, icon, fact, children, act }: BannerProps) {
  return (
    <div class={cx("ban", cord)} role="status">
      <Icon name={icon} />
      <span>
        <b>{fact}</b> {children}
      </span>
      {act && (
        <Button size="s" onClick={act.run}>
          {act.word}
        </Button>
      )}
    </div>
  );
}

/** True after `ms` of being mounted: nothing is shown of a wait before. */
export function useLate(ms: number): boolean {
  const [late, setLate] = useState(false);
  useEffect(() => {
    const t = setTimeout(() => setLate(true), ms);
    return () => clearTimeout(t);
  }, [ms]);
  return late;
}

/**
 * Bars in the geometry of what comes: nothing for 300 ms, no shimmer, after 8 s a sentence.
 * `kind` is that of the rows: people and chats, plain lines, or table rows.
 */
export function Skeleton({ kind = "rows", count = 6, late }: { kind?: "rows" | "lines" | "table"; count?: number; late?: string | undefined }) {
  const visible = useLate(300);
  const verylate = useLate(8000);
  if (!visible) return null;
  return (
    <div class={`skel ${kind}`} aria-hidden={verylate ? undefined : "true"}>
      {Array.from({ length: count }, (_, i) => (
        <div class="skel-row" key={i}>
          {kind === "rows" && <span class="sk av" />}
          <span class="sk a" />
          <span class="sk b" />
        </div>
      ))}
      {verylate && late && <p class="hint" role="status">{late}</p>}
    </div>
  );
}

/** A small field of jacks with one loose cord, a title, one sentence, one act. */
export function Empty({ title, children, act }: { title: string; children?: ComponentChildren; act?: { readonly word: string; readonly run: () => void } | undefined }) {
  return (
    <div class="empty">
      <JackField />
      <h3>{title}</h3>
      {children && <p>{children}</p>}
      {act && (
        <Button class="empty-act" onClick={act.run}>
          {act.word}
        </Button>
      )}
    </div>
  );
}

function JackField() {
  const jacks = [];
  for (let y = 0; y < 3; y++) for (let x = 0; x < 5; x++) jacks.push(<circle key={`${x}-${y}`} cx={12 + x * 26} cy={12 + y * 26} r="7" />);
  return (
    <svg class="jackfield" viewBox="0 0 128 92" aria-hidden="true">
      <g class="jacks">{jacks}</g>
      <path class="cord" d="M38 38c4 52 46 54 66 40" />
      <circle class="plug" cx="38" cy="38" r="4.5" />
      <circle class="plug" cx="104" cy="78" r="4.5" />
    </svg>
  );
}

/** A progress bar; `part` is 0 to 1. */
export function Progress({ part, label }: { part: number; label: string }) {
  const percent = Math.round(Math.min(1, Math.max(0, part)) * 100);
  return (
    <div class="prog" role="progressbar" aria-valuenow={percent} aria-valuemin={0} aria-valuemax={100} aria-label={label}>
      <i ref={(el) => el?.style.setProperty("--part", `${percent}%`)} />
    </div>
  );
}
