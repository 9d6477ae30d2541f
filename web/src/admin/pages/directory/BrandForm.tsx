// How the pages of a domain look: name, accent, logo, with what comes of it.
import type { ComponentChildren } from "preact";
import { useRef, useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button } from "../../../ui/Button.tsx";
import { vars } from "../../../ui/cx.ts";
import { Field } from "../../../ui/Field.tsx";
import { number, size } from "../../../ui/format.ts";
import { Mark } from "../../../ui/Icon.tsx";
import { Tag } from "../../../ui/parts.tsx";
import { parseHex, ratio, until, type RGB } from "../../../ui/theme.ts";
import type { Brand } from "./types.ts";

/** As the switch takes it. */
const mostLogo = 32 << 10;
const kinds = ["image/png", "image/jpeg", "image/webp"];
/** Surfaces of the two themes (tokens.css): the switch takes an accent that stands out from both. */
const grounds: readonly { readonly id: "light" | "dark"; readonly rgb: RGB; readonly way: RGB }[] = [
  { id: "light", rgb: [0xf8, 0xf8, 0xf4], way: [0, 0, 0] },
  { id: "dark", rgb: [0x1e, 0x22, 0x20], way: [255, 255, 255] },
];
const least = 3;

export interface Contrast {
  readonly ground: "light" | "dark";
  readonly rgb: RGB;
  readonly ratio: number;
  /** It can be seen there. */
  readonly enough: boolean;
}

/** How an accent stands out from light and dark; undefined while it is no colour. */
export function contrasts(accent: string): readonly Contrast[] | undefined {
  const colour = parseHex(accent);
  return colour && grounds.map((g) => ({ ground: g.id, rgb: g.rgb, ratio: ratio(colour, g.rgb), enough: ratio(colour, g.rgb) >= least }));
}

/** The nearest colour that can be seen on both; undefined if the accent can be, or is no colour. */
export function nearby(accent: string): string | undefined {
  const colour = parseHex(accent);
  const bad = contrasts(accent)?.find((c) => !c.enough);
  const ground = grounds.find((g) => g.id === bad?.ground);
  if (!colour || !ground) return undefined;
  const moved = `#${until(colour, ground.way, least, [ground.rgb]).map((x) => x.toString(16).padStart(2, "0")).join("")}`;
  return contrasts(moved)?.every((c) => c.enough) ? moved : undefined;
}

const css = (c: RGB) => `rgb(${c.join(" ")})`;

export function BrandForm({ brand, set, readOnly }: { brand: Brand; set: (brand: Brand) => void; readOnly: boolean }) {
  const accent = brand.accent ?? "";
  const found = contrasts(accent);
  return (
    <>
      <Field label={t("consoleDomains.brandName")} hint={t("consoleDomains.brandNameHint")} value={brand.name ?? ""} onInput={(name) => set({ ...brand, name })} readOnly={readOnly} maxLength={64} autocomplete="off" />
      <Field
        label={t("consoleDomains.accent")}
        hint={t("consoleDomains.accentHint")}
        error={accentError(accent, found, (v) => set({ ...brand, accent: v }))}
        value={accent}
        onInput={(v) => set({ ...brand, accent: v })}
        readOnly={readOnly}
        placeholder="#e25320"
        maxLength={7}
        mono
        autocomplete="off"
        spellcheck={false}
        end={!readOnly && <input type="color" class="pick" aria-label={t("consoleDomains.pick")} value={found ? accent.toLowerCase() : "#e25320"} onInput={(e) => set({ ...brand, accent: e.currentTarget.value })} />}
      />
      {found && (
        <div class="contrasts">
          {found.map((c) => (
            <div key={c.ground} class="contrast" ref={vars({ "--on": css(c.rgb), "--accent": accent, "--words": c.ground === "light" ? "rgb(25 28 26)" : "rgb(236 237 230)" })}>
              <i />
              <span>{t(`consoleDomains.${c.ground}`)}</span>
              <b class="num">{`${number(c.ratio, 1)} : 1`}</b>
              <small>{t(c.enough ? "consoleDomains.standsOut" : "consoleDomains.tooFaint")}</small>
            </div>
          ))}
        </div>
      )}
      <Logo brand={brand} set={set} readOnly={readOnly} />
      <div class="brand-preview" aria-hidden="true" ref={vars({ "--accent": found ? accent : "var(--signal-lamp)" })}>
        {brand.logo ? <img src={logoUrl(brand.logo)} alt="" /> : <Mark />}
        <b><bdi>{brand.name || "Tandem"}</bdi></b>
        <i />
      </div>
    </>
  );
}

function accentError(accent: string, found: readonly Contrast[] | undefined, take: (accent: string) => void): ComponentChildren {
  if (accent === "") return undefined;
  if (!found) return t("consoleDomains.noColour");
  if (found.every((c) => c.enough)) return undefined;
  const other = nearby(accent);
  return (
    <>
      {t("consoleDomains.faint")}
      {other && <> {t("consoleDomains.nearby")} <button type="button" class="lnk mono" onClick={() => take(other)}>{other}</button></>}
    </>
  );
}

function Logo({ brand, set, readOnly }: { brand: Brand; set: (brand: Brand) => void; readOnly: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  const [error, setError] = useState<string | undefined>();
  const take = async (file: File | undefined) => {
    if (!file) return;
    if (!kinds.includes(file.type)) return setError(t("consoleDomains.logoKind"));
    if (file.size > mostLogo) return setError(t("consoleDomains.logoSize", { size: size(file.size), most: size(mostLogo) }));
    setError(undefined);
    set({ ...brand, logo: base64(new Uint8Array(await file.arrayBuffer())) });
  };
  return (
    <div class="field">
      <span class="lab">{t("consoleDomains.logo")}</span>
      <div class="logo-line">
        {brand.logo ? <img class="logo" src={logoUrl(brand.logo)} alt={t("consoleDomains.logo")} /> : <Tag>{t("consoleDirectory.none")}</Tag>}
        {!readOnly && <Button size="s" onClick={() => input.current?.click()}>{t("consoleDomains.chooseLogo")}</Button>}
        {!readOnly && brand.logo && <Button size="s" kind="txt" onClick={() => set({ ...brand, logo: "" })}>{t("consoleDomains.noLogo")}</Button>}
      </div>
      <input ref={input} type="file" class="vh" tabIndex={-1} accept={kinds.join(",")} aria-label={t("consoleDomains.chooseLogo")} onChange={(e) => void take(e.currentTarget.files?.[0])} />
      <div class="hint">{t("consoleDomains.logoHint")}</div>
      {error && <div class="err" role="alert"><span>{error}</span></div>}
    </div>
  );
}

function base64(bytes: Uint8Array): string {
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  return btoa(text);
}

/** A picture in base64 as an address; its kind is in its first bytes. */
export function logoUrl(logo: string): string {
  const kind = logo.startsWith("/9j/") ? "image/jpeg" : logo.startsWith("UklGR") ? "image/webp" : "image/png";
  return `data:${kind};base64,${logo}`;
}
