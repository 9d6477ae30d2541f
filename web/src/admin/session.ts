// Who the administrator is.
import { computed, effect, signal } from "@preact/signals";
import { isBoolean, setting } from "../ui/settings.ts";
import { ask, ended, Problem } from "./api.ts";

export type Role = "operator" | "org_admin" | "domain_admin" | "auditor";

export interface Grant {
  readonly role: Role;
  readonly org?: string;
  readonly domain?: string;
}

export interface You {
  readonly kind: "account" | "token" | "socket";
  readonly name: string;
  readonly session?: string;
  readonly grants: readonly Grant[];
}

export type Session = { readonly step: "looking" } | { readonly step: "out" } | { readonly step: "in"; readonly you: You };

const current = signal<Session>({ step: "looking" });
export const session = computed(() => current.value);
export const you = computed(() => (current.value.step === "in" ? current.value.you : undefined));

/** The installation is one's own: all domains, keys, backup. */
export const operator = computed(() => you.value?.grants.some((g) => g.role === "operator") ?? false);
/** Sees what concerns all domains together. */
export const seesAll = computed(() => you.value?.grants.some((g) => g.role === "operator" || (g.role === "auditor" && !g.org && !g.domain)) ?? false);
/** May change something somewhere; the API decides about each act. */
export const writes = computed(() => you.value?.grants.some((g) => g.role !== "auditor") ?? false);

// The cookie of the session cannot be read. This tells whether asking is worth while:
// whoever was never signed in gets no 401 into his console.
const mark = setting("admin", false, isBoolean);

/** Looks whether there is a session from before. */
export async function resume(): Promise<void> {
  if (!mark.value) {
    current.value = { step: "out" };
    return;
  }
  try {
    current.value = { step: "in", you: await ask<You>("GET", ["session"]) };
  } catch {
    mark.value = false;
    current.value = { step: "out" };
  }
}

/** Signs in; a Problem `second_factor` asks for a code. */
export async function signIn(name: string, password: string, code: string): Promise<void> {
  await ask("POST", ["session"], { body: { name, password, ...(code && { code }) } });
  current.value = { step: "in", you: await ask<You>("GET", ["session"]) };
  mark.value = true;
}

export async function signOut(): Promise<void> {
  try {
    await ask("DELETE", ["session"]);
  } catch (e) {
    if (!(e instanceof Problem) || e.status !== 401) throw e;
  }
  mark.value = false;
  current.value = { step: "out" };
}

effect(() => {
  if (ended.value > 0) current.value = { step: "out" };
});
