// Dates, times, sizes and numbers in the reader's way: language, region, time zone.
import { computed } from "@preact/signals";
import { isString, oneOf, setting } from "./settings.ts";
import { language, t } from "../i18n/index.ts";

/** An IANA name, or "" for that of the device. */
export const timeZone = setting("timeZone", "", isString);
/** Of the clock: by locale, or a choice. */
export const clockStyle = setting("clock", "locale", oneOf("locale", "h23", "h12"));

/**
 * The locale for formats: the device's region in the language of the page ("en-GB" for
 * English in Britain), so that German texts do not carry American dates.
 */
export const locale = computed(() => {
  const own = language.value;
  const wanted = globalThis.navigator?.languages ?? [];
  return wanted.find((l) => l === own || l.startsWith(`${own}-`)) ?? own;
});

const zone = computed(() => (validZone(timeZone.value) ? timeZone.value : undefined));

export function validZone(name: string): boolean {
  if (name === "") return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** The time zone that counts. */
export function zoneName(): string {
  return zone.value ?? Intl.DateTimeFormat().resolvedOptions().timeZone;
}

// Making a format costs a hundred times its use, so they are kept by what made them.
const formats = new Map<string, Intl.DateTimeFormat>();
function dates(options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const full: Intl.DateTimeFormatOptions = { ...options, ...(zone.value && { timeZone: zone.value }) };
  if (options.hour && clockStyle.value !== "locale") full.hourCycle = clockStyle.value;
  const key = locale.value + JSON.stringify(full);
  let f = formats.get(key);
  if (!f) {
    if (formats.size > 200) formats.clear();
    f = new Intl.DateTimeFormat(locale.value, full);
    formats.set(key, f);
  }
  return f;
}

const numbers = new Map<string, Intl.NumberFormat>();
function numberFormat(options: Intl.NumberFormatOptions): Intl.NumberFormat {
  const key = locale.value + JSON.stringify(options);
  let f = numbers.get(key);
  if (!f) {
    f = new Intl.NumberFormat(locale.value, options);
    numbers.set(key, f);
  }
  return f;
}

/** 10:42, or 10:42 AM where that is the way. */
export const clock = (time: number): string => dates({ hour: "2-digit", minute: "2-digit" }).format(time);
/** With seconds, for lines of a trace. */
export const clockSeconds = (time: number): string => dates({ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 }).format(time);
/** 21 November 2026, 10:42. */
export const full = (time: number): string => dates({ dateStyle: undefined, day: "numeric", month: "long", year: "numeric", hour: "2-digit", minute: "2-digit" }).format(time);
/** 21 Nov 2026. */
export const date = (time: number): string => dates({ day: "numeric", month: "short", year: "numeric" }).format(time);

const dayFormats = new Map<string, Intl.DateTimeFormat>();
/** A day as "2026-11-21" in the reader's time zone: equal for all times of one day. */
export function dayKey(time: number): string {
  const key = zone.value ?? "";
  let f = dayFormats.get(key);
  if (!f) {
    f = new Intl.DateTimeFormat("en-CA", { year: "numeric", month: "2-digit", day: "2-digit", ...(zone.value && { timeZone: zone.value }) });
    dayFormats.set(key, f);
  }
  return f.format(time);
}

/** How many days lie between two times, as days of the calendar. */
export function daysBetween(earlier: number, later: number): number {
  return Math.round((Date.parse(`${dayKey(later)}T00:00:00Z`) - Date.parse(`${dayKey(earlier)}T00:00:00Z`)) / 86_400_000);
}

/** The mark of a day in a conversation: Today, Yesterday, Wednesday, 3 November, 3 November 2024. */
export function dayMark(time: number, now = Date.now()): string {
  const days = daysBetween(time, now);
  if (days === 0) return t("ui.today");
  if (days === 1) return t("ui.yesterday");
  if (days > 1 && days < 7) return dates({ weekday: "long" }).format(time);
  const sameYear = dayKey(time).slice(0, 4) === dayKey(now).slice(0, 4);
  return dates({ weekday: "long", day: "numeric", month: "long", ...(!sameYear && { year: "numeric" }) }).format(time);
}

/** The time in a row: 10:42, Yesterday, Wed, 3 Nov, 03/11/2024. */
export function rowTime(time: number, now = Date.now()): string {
  const days = daysBetween(time, now);
  if (days <= 0) return clock(time);
  if (days === 1) return t("ui.yesterday");
  if (days < 7) return dates({ weekday: "short" }).format(time);
  if (dayKey(time).slice(0, 4) === dayKey(now).slice(0, 4)) return dates({ day: "numeric", month: "short" }).format(time);
  return dates({ day: "2-digit", month: "2-digit", year: "numeric" }).format(time);
}

/** A day and the clock in short: 10:42 today, else "3 Nov, 10:42". */
export function dayAndClock(time: number, now = Date.now()): string {
  return daysBetween(time, now) === 0 ? clock(time) : `${rowTime(time, now)}, ${clock(time)}`;
}

const units = ["byte", "kilobyte", "megabyte", "gigabyte", "terabyte"] as const;
/** 840 kB, 2.4 MB; steps of a thousand. */
export function size(bytes: number): string {
  let n = Math.max(0, bytes);
  let unit = 0;
  while (n >= 999.5 && unit < units.length - 1) {
    n /= 1000;
    unit++;
  }
  const digits = unit < 2 || n >= 100 ? 0 : 1;
  return numberFormat({ style: "unit", unit: units[unit] ?? "byte", unitDisplay: unit === 0 ? "long" : "short", maximumFractionDigits: digits }).format(n);
}

export const number = (n: number, digits = 0): string => numberFormat({ maximumFractionDigits: digits }).format(n);
export const percent = (part: number): string => numberFormat({ style: "percent", maximumFractionDigits: 0 }).format(part);

/** 0:18, 12:05, 1:02:03: of recordings and calls. */
export function length(ms: number): string {
  const s = Math.max(0, Math.round(ms / 1000));
  const two = (n: number) => String(n).padStart(2, "0");
  const minutes = Math.floor(s / 60);
  return minutes < 60 ? `${minutes}:${two(s % 60)}` : `${Math.floor(minutes / 60)}:${two(minutes % 60)}:${two(s % 60)}`;
}

/** A time span in its largest unit: 8s, 20 min, 6 hrs, 3 days. Short is for controls, long for text. */
export function span(ms: number, style: "short" | "long" = "short"): string {
  const s = Math.max(0, Math.ceil(ms / 1000));
  const [n, unit] = s < 60 ? [s, "second"] : s < 3600 ? [Math.round(s / 60), "minute"] : s < 86_400 ? [Math.round(s / 3600), "hour"] : [Math.round(s / 86_400), "day"];
  return numberFormat({ style: "unit", unit, unitDisplay: style === "short" && unit === "second" ? "narrow" : style }).format(n);
}

/** First day of the week: 1 Monday to 7 Sunday. */
export function weekStart(of = locale.value): number {
  const l = new Intl.Locale(of) as Intl.Locale & { getWeekInfo?: () => { firstDay: number }; weekInfo?: { firstDay: number } };
  return l.getWeekInfo?.().firstDay ?? l.weekInfo?.firstDay ?? 1;
}

/** The seven days from the first one: for the head of a calendar. */
export function weekdays(style: "narrow" | "short" = "short"): string[] {
  const f = new Intl.DateTimeFormat(locale.value, { weekday: style, timeZone: "UTC" });
  const monday = Date.UTC(2024, 0, 1);
  return Array.from({ length: 7 }, (_, i) => f.format(monday + (weekStart() - 1 + i) * 86_400_000));
}

/** Names joined as the language does: "Ayşegül, Yusuf and 2 more" is a text of its own. */
export function list(names: readonly string[]): string {
  return new Intl.ListFormat(locale.value, { type: "conjunction" }).format(names);
}

