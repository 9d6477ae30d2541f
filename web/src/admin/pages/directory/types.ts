// Resources of the directory (see /admin/v1/openapi.json).
import type { Part } from "../../api.ts";

export const objectTypes = ["user", "app", "messages", "push", "group", "gateway", "template"] as const;
export type ObjectType = (typeof objectTypes)[number];

export interface Membership {
  readonly name: string;
  readonly mode?: string;
  /** Whether a dynamic member takes part: "", in or out. */
  readonly dyn?: string;
}

export interface Diversion {
  readonly type: string;
  readonly sip?: string;
  readonly num?: string;
}

export const sights = ["visible", "online", "presence", "otf", "note", "dialog", "ids"] as const;
export type Sight = (typeof sights)[number];

/** Who may see what of an object. */
export type Allow = { readonly name?: string; readonly grp?: string } & { readonly [S in Sight]?: boolean };

/** What of an object can be changed. Absent members are empty. */
export interface Editable {
  readonly sip: string;
  readonly dn: string;
  readonly cn?: string;
  readonly num: string;
  readonly disabled: boolean;
  readonly apis?: readonly string[];
  readonly url?: string;
  readonly apps?: readonly string[];
  readonly override_cli?: boolean;
  readonly second_factor: boolean;
  readonly node?: string;
  readonly template?: string;
  readonly loc?: string;
  readonly text?: string;
  readonly emails?: readonly string[];
  readonly hide?: boolean;
  readonly critical?: boolean;
  readonly messages?: string;
  readonly push?: string;
  readonly app_lics?: readonly string[];
  readonly allows?: readonly Allow[];
  readonly blocked?: readonly string[];
  readonly filter?: string;
  readonly groups?: readonly Membership[];
  readonly diversions?: readonly Diversion[];
  readonly group?: string;
  readonly websocket?: boolean;
}

export interface DirectoryObject extends Editable {
  readonly id: number;
  readonly guid: string;
  readonly rev: number;
  readonly type: ObjectType;
  readonly domain: string;
}

export interface ListedObject extends DirectoryObject {
  readonly devices: number;
  readonly online: number;
}

export interface DeletedObject extends DirectoryObject {
  readonly deleted: string;
  readonly until: string;
}

export interface Counted<T> extends Part<T> {
  readonly total?: number;
}

export interface Device {
  readonly hw: string;
  readonly user: string;
  readonly domain: string;
  readonly text?: string;
  readonly app?: string;
  readonly single: boolean;
}

export interface Group {
  readonly name: string;
  readonly members: number;
  readonly hunts: readonly string[];
}

export interface PlanNode {
  readonly name: string;
  readonly prefix: string;
  readonly parent?: string;
}

export interface PlanRoute {
  readonly prefix: string;
  readonly to: string;
  readonly min?: number;
  readonly max?: number;
}

export interface Plan {
  readonly nodes?: readonly PlanNode[];
  readonly routes?: readonly PlanRoute[];
  readonly intl?: string;
  readonly ntl?: string;
  readonly subs?: string;
  readonly area?: string;
  readonly country?: string;
  readonly max_intern?: number;
}

export interface Rule {
  readonly prefix?: string;
  readonly sip?: string;
  readonly allow: boolean;
}

export interface Filter {
  readonly name: string;
  readonly rules?: readonly Rule[];
  /** What holds for numbers that no rule fits. */
  readonly otherwise: boolean;
}

export interface Brand {
  readonly name?: string;
  readonly accent?: string;
  /** Base64. */
  readonly logo?: string;
}

export interface DomainRow {
  readonly rev: number;
  readonly name: string;
  readonly hosts: readonly string[];
  readonly default: boolean;
  readonly org?: string;
  readonly plan?: Plan;
  readonly filters?: readonly Filter[];
  readonly brand?: Brand;
}

export interface Imported {
  readonly domain: string;
  readonly dry_run: boolean;
  readonly added: number;
  readonly refused_lines: number;
  readonly refused: readonly RefusedLine[];
}

export interface RefusedLine {
  readonly line: number;
  readonly sip?: string;
  readonly code: string;
  readonly field?: string;
  readonly text: string;
}
