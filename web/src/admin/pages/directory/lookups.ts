// What forms of an object offer: templates, licences, groups, apps of the domain.
import { useEffect, useState } from "preact/hooks";
import { ask, type Part } from "../../api.ts";
import type { DomainLicences } from "../../types.ts";
import type { DirectoryObject, Group, ObjectType } from "./types.ts";

export interface Lookups {
  readonly templates: readonly DirectoryObject[];
  readonly apps: readonly DirectoryObject[];
  readonly messages: readonly DirectoryObject[];
  readonly pushes: readonly DirectoryObject[];
  readonly gateways: readonly DirectoryObject[];
  readonly groups: readonly Group[];
  /** Undefined where the switch runs without licences. */
  readonly licences: DomainLicences | undefined;
}

export const noLookups: Lookups = { templates: [], apps: [], messages: [], pushes: [], gateways: [], groups: [], licences: undefined };

async function quietly<T>(asked: Promise<T>, otherwise: T): Promise<T> {
  try {
    return await asked;
  } catch {
    return otherwise; // a choice is missing; what is typed is checked when it is saved
  }
}

const none = { items: [] };

async function load(domain: string): Promise<Lookups> {
  const of = (type: ObjectType) => quietly(ask<Part<DirectoryObject>>("GET", ["domains", domain, "objects"], { query: { type, limit: 1000 } }), none);
  const [templates, apps, messages, pushes, gateways, groups, licences] = await Promise.all([
    of("template"),
    of("app"),
    of("messages"),
    of("push"),
    of("gateway"),
    quietly(ask<Part<Group>>("GET", ["domains", domain, "groups"], { query: { limit: 1000 } }), none),
    quietly(ask<DomainLicences | undefined>("GET", ["domains", domain, "licences"]), undefined),
  ]);
  return { templates: templates.items, apps: apps.items, messages: messages.items, pushes: pushes.items, gateways: gateways.items, groups: groups.items, licences };
}

/** The choices of a domain; asked for when the domain or `stamp` changes. */
export function useLookups(domain: string | undefined, stamp: unknown = 0): Lookups {
  const [found, setFound] = useState(noLookups);
  useEffect(() => {
    let live = true;
    if (domain !== undefined) void load(domain).then((l) => live && setFound(l));
    return () => {
      live = false;
    };
  }, [domain, stamp]);
  return found;
}
