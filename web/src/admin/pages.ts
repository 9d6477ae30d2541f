// The pages of the console, in the order of the menu. Each is loaded when it is opened.
import type { ComponentType } from "preact";
import type { IconName } from "../ui/icons.ts";

export interface PageInfo {
  /** First part of its address: #/objects. */
  readonly id: string;
  readonly icon: IconName;
  /** Heading in the menu that it stands under: consoleMenu.<group>. */
  readonly group: "" | "directory" | "live" | "messages" | "maintenance";
  /** Only for those who see all domains, for operators, or for those who may change something. */
  readonly needs?: "all" | "operator" | "write";
  readonly load: () => Promise<{ default: ComponentType }>;
}

export const pages: readonly PageInfo[] = [
  { id: "dashboard", icon: "pulse", group: "", needs: "all", load: () => import("./pages/Dashboard.tsx") },
  { id: "domains", icon: "domain", group: "directory", load: () => import("./pages/Domains.tsx") },
  { id: "objects", icon: "box", group: "directory", load: () => import("./pages/Objects.tsx") },
  { id: "devices", icon: "device", group: "directory", load: () => import("./pages/Devices.tsx") },
  { id: "groups", icon: "people", group: "directory", load: () => import("./pages/Groups.tsx") },
  { id: "templates", icon: "layers", group: "directory", load: () => import("./pages/Templates.tsx") },
  { id: "licences", icon: "ticket", group: "directory", load: () => import("./pages/Licences.tsx") },
  { id: "registrations", icon: "signal", group: "live", load: () => import("./pages/Registrations.tsx") },
  { id: "calls", icon: "call", group: "live", load: () => import("./pages/Calls.tsx") },
  { id: "storage", icon: "store", group: "messages", load: () => import("./pages/Storage.tsx") },
  { id: "retention", icon: "clock", group: "messages", load: () => import("./pages/Retention.tsx") },
  { id: "broadcast", icon: "megaphone", group: "messages", needs: "write", load: () => import("./pages/Broadcast.tsx") },
  { id: "tracing", icon: "flag", group: "maintenance", load: () => import("./pages/Tracing.tsx") },
  { id: "audit", icon: "audit", group: "maintenance", load: () => import("./pages/Audit.tsx") },
  { id: "settings", icon: "settings", group: "maintenance", load: () => import("./pages/Settings.tsx") },
];
