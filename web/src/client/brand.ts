// Whose page this is, before anybody has signed in: the name, colour and logo of the
// domain that this host stands for, and the domain a login without one is meant for.
import { setting } from "../ui/settings.ts";
import type { Branding } from "./model/types.ts";

interface Brand extends Branding {
  readonly domain?: string;
}

const standard: Brand = { name: "Tandem" };
const patience = 2000; // milliseconds; the page does not wait longer for a colour

const isBrand = (x: unknown): x is Brand => typeof x === "object" && x !== null && typeof (x as Brand).name === "string";
// Kept, so that the page looks the same without a line.
const kept = setting<Brand>("brand", standard, isBrand);

/** Asks the host; what was known before stands in. */
export async function brand(): Promise<Branding> {
  try {
    const answer = await fetch("/brand.json", { signal: AbortSignal.timeout(patience) });
    if (answer.ok) kept.value = valid(await answer.json());
  } catch {
    // no line, or an older switch
  }
  return kept.peek();
}

export function homeDomain(): string {
  return kept.peek().domain ?? "";
}

function valid(x: unknown): Brand {
  const b = (typeof x === "object" && x !== null ? x : {}) as Record<string, unknown>;
  const text = (v: unknown) => (typeof v === "string" && v !== "" && v.length <= 256 ? v : undefined);
  const [accent, logo, domain] = [text(b["accent"]), text(b["logo"]), text(b["domain"])];
  return {
    name: text(b["name"]) ?? standard.name,
    ...(accent !== undefined && /^#[0-9a-f]{6}$/i.test(accent) && { accent }),
    ...(logo?.startsWith("/") && !logo.startsWith("//") && { logo }),
    ...(domain !== undefined && { domain }),
  };
}
