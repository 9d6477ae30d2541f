// The traces that are on, and how they are switched.
import { ask, type Part } from "../../api.ts";

export const flags = ["PBX", "HTTP/Servlets", "App", "Database", "App Websocket", "Signalling", "Browser Console"] as const;
export type Flag = (typeof flags)[number];

/** One trace: flags, where they hold, and until when. */
export interface Rule {
  readonly id: number;
  readonly flags: readonly string[];
  readonly domain?: string;
  readonly user?: string;
  readonly connection?: string;
  readonly call?: string;
  readonly since: string;
  readonly until?: string;
  readonly contentUntil?: string;
  readonly by?: string;
  readonly reason?: string;
}

/** What a trace is narrowed to; members that are empty narrow nothing. */
export interface Scope {
  readonly domain: string;
  readonly user: string;
  readonly connection: string;
  readonly call: string;
}

export const everywhere: Scope = { domain: "", user: "", connection: "", call: "" };

export const durations = ["5m", "10m", "30m", "1h", "4h", "24h"] as const;
export type Duration = (typeof durations)[number];

export async function listRules(signal: AbortSignal): Promise<readonly Rule[]> {
  return (await ask<Part<Rule>>("GET", ["trace", "rules"], { signal })).items;
}

export interface NewRule {
  readonly flag: Flag;
  readonly scope: Scope;
  readonly for: Duration;
  /** Record the bodies of messages too; needs a reason and ends after ten minutes. */
  readonly content: boolean;
  readonly reason: string;
}

export function switchOn(n: NewRule): Promise<Rule> {
  const scope = Object.fromEntries(Object.entries(n.scope).filter(([, v]) => v !== ""));
  return ask<Rule>("POST", ["trace", "rules"], {
    body: { flags: [n.flag], for: n.for, ...scope, ...(n.content && { content: true }) },
    reason: n.reason || undefined,
  });
}

export function switchOff(r: Rule): Promise<void> {
  return ask("DELETE", ["trace", "rules", r.id]);
}
