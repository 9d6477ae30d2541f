// Broadcasts: who gets them, and what was sent since the page was loaded.
import { signal } from "@preact/signals";
import { ask } from "../../../api.ts";

export const ways = ["everybody", "template", "group", "names"] as const;
export type Way = (typeof ways)[number];

/** Who is meant, as the form has it. */
export interface Receivers {
  readonly way: Way;
  /** Name of a template or group, or names with spaces, commas or lines between them. */
  readonly text: string;
}

export interface Counts {
  readonly total: number;
  readonly sent: number;
  readonly delivered: number;
  readonly read: number;
  readonly failed: number;
  readonly unknown: number;
}

export interface Broadcast {
  readonly id: number;
  readonly sender: string;
  readonly counts: Counts;
  readonly unknown: readonly string[];
}

export interface Preview {
  readonly receivers: number;
  readonly unknown: readonly string[];
  readonly text: string;
}

/** What the API takes: exactly one of the members. */
export function meant(r: Receivers): Readonly<Record<string, unknown>> {
  switch (r.way) {
    case "everybody":
      return { everybody: true };
    case "template":
      return { template: r.text.trim() };
    case "group":
      return { group: r.text.trim() };
    case "names":
      return { to: names(r.text) };
  }
}

/** Names that somebody has typed or pasted, each once. */
export function names(text: string): string[] {
  return [...new Set(text.split(/[\s,;]+/).filter(Boolean))];
}

/** Lines of the person are lines of the message. */
export function html(text: string): string {
  return text.trim().replace(/\r?\n/g, "<br>");
}

/** A name for a broadcast that nobody else has; crypto.randomUUID is for secure contexts alone. */
export function newKey(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((b) => b.toString(16).padStart(2, "0")).join("");
}

export interface Sent {
  readonly domain: string;
  readonly at: number;
  readonly receivers: Receivers;
  /** As it was sent. */
  readonly text: string;
  readonly state: Broadcast;
}

/** The newest first. */
export const sent = signal<readonly Sent[]>([]);

const most = 50;

export function remember(s: Sent): void {
  sent.value = [s, ...sent.value.filter((x) => x.domain !== s.domain || x.state.id !== s.state.id || x.state.sender !== s.state.sender)].slice(0, most);
}

/** Asks how far the newest ones have come. What cannot be asked for stays as it was. */
export async function follow(domain: string, abort: AbortSignal): Promise<void> {
  for (const s of sent.value.filter((x) => x.domain === domain && x.state.counts.read < x.state.counts.total).slice(0, 10)) {
    const now = await ask<Broadcast>("GET", ["domains", domain, "messages", "broadcast", s.state.id], { query: { sender: s.state.sender }, signal: abort });
    // What this request could not do is known to the one that sent it alone.
    const counts = { ...now.counts, failed: s.state.counts.failed, unknown: s.state.counts.unknown };
    sent.value = sent.value.map((x) => (x === s ? { ...s, state: { ...s.state, counts } } : x));
  }
}
