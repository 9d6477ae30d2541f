// The session's credentials: in localStorage when the person wants to stay signed in,
// else in sessionStorage, which ends with the tab.
//
// Whoever can run script on this origin can read them, and with them sign in as the
// person until the session is ended (Settings, Devices, or sign out): there is no cookie
// that script cannot read in this protocol, for the proof is computed in the page. What
// keeps script out is the content security policy: scripts come from this host alone,
// none are inline, nothing is evaluated. The password itself is never kept.
import type { Credentials, User } from "../../protocol/index.ts";
import type { Platform } from "./platform.ts";

const name = "tandem.session";

export interface KeptSession {
  readonly credentials: Credentials;
  /** Who it is, so that the client can begin without a line. */
  readonly user?: User;
}

export class CredentialStore {
  constructor(private readonly platform: Platform) {}

  read(): KeptSession | undefined {
    return parse(get(this.platform.session)) ?? parse(get(this.platform.local));
  }

  /** Whether what is kept survives the tab. */
  get remembered(): boolean {
    return parse(get(this.platform.session)) === undefined && parse(get(this.platform.local)) !== undefined;
  }

  write(kept: KeptSession, remember: boolean): void {
    this.forget();
    try {
      (remember ? this.platform.local : this.platform.session)?.setItem(name, JSON.stringify(kept));
    } catch {
      // Storage is full or forbidden: the person signs in again next time.
    }
  }

  forget(): void {
    for (const storage of [this.platform.session, this.platform.local]) {
      try {
        storage?.removeItem(name);
      } catch {
        // Forbidden: nothing is there.
      }
    }
  }
}

function get(storage: Storage | undefined): string | null {
  try {
    return storage?.getItem(name) ?? null;
  } catch {
    return null;
  }
}

function parse(text: string | null): KeptSession | undefined {
  try {
    const v = JSON.parse(text ?? "null") as { credentials?: Partial<Credentials>; user?: Partial<User> } | null;
    const c = v?.credentials;
    if (typeof c?.id !== "string" || typeof c.password !== "string" || typeof c.sip !== "string" || typeof c.domain !== "string") {
      return undefined;
    }
    const credentials = { id: c.id, password: c.password, sip: c.sip, domain: c.domain };
    return isUser(v?.user) ? { credentials, user: v.user } : { credentials };
  } catch {
    return undefined;
  }
}

function isUser(u: Partial<User> | undefined): u is User {
  return typeof u?.sip === "string" && typeof u.domain === "string" && typeof u.dn === "string" && typeof u.guid === "string";
}
