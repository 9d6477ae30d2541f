// Resources of the admin API that several pages show (see /admin/v1/openapi.json).

export interface Series {
  readonly name: string;
  readonly unit: "count" | "rate" | "seconds" | "bytes" | "share";
  readonly points: readonly number[];
}

export interface Overview {
  readonly at: string;
  readonly started: string;
  readonly store: "sqlite" | "postgres";
  readonly now: Readonly<Record<string, number>>;
  readonly times: readonly string[];
  readonly series: readonly Series[];
  readonly drops: readonly { readonly reason: string; readonly count: number }[];
  readonly disk?: { readonly free: number; readonly total: number };
}

export interface Domain {
  readonly rev: number;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly default: boolean;
  readonly org?: string;
}

export interface Link {
  readonly sip: string;
  readonly domain: string;
  readonly url: string;
  readonly connected: boolean;
  readonly since?: string;
  readonly error?: string;
  readonly failed?: string;
}

export interface AuditEntry {
  readonly number: number;
  readonly time: string;
  readonly act: string;
  readonly actor: { readonly kind: string; readonly name?: string };
  readonly domain: { readonly id: number; readonly name?: string };
  readonly object: { readonly kind?: string; readonly name?: string };
  readonly outcome: string;
  readonly code?: string;
  readonly reason?: string;
  readonly from?: string;
  readonly details?: readonly { readonly name: string; readonly old?: string; readonly new?: string }[] | null;
}

export interface DomainLicences {
  readonly unlimited: boolean;
  readonly test: boolean;
  readonly features: readonly LicenceFeature[];
}

export interface LicenceFeature {
  readonly name: string;
  /** Users that it is for; absent: all of the domain. */
  readonly entitled?: number;
  readonly assigned?: number;
  readonly used?: number;
  readonly until?: string;
  readonly test: boolean;
}
