// Resources of the admin API about administrators (see /admin/v1/openapi.json).
import type { Grant } from "../../session.ts";

export interface Account {
  readonly id: number;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly disabled: boolean;
  readonly second_factor: boolean;
  readonly recovery_codes_left: number;
  readonly created: string;
  readonly password_changed: string;
  readonly last_login?: string;
  readonly rev: number;
}

export interface AdminSession {
  readonly id: string;
  readonly created: string;
  readonly used: string;
  readonly expires: string;
  readonly from: string;
  readonly user_agent?: string;
  readonly current: boolean;
}

export interface Token {
  readonly id: string;
  readonly account?: string;
  readonly name: string;
  readonly grants: readonly Grant[];
  readonly created: string;
  readonly expires?: string;
  readonly used?: string;
}

/** A file's worth of codes, one in a line. */
export interface RecoveryCodes {
  readonly codes: readonly string[];
}
