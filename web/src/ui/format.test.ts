import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { setUpTexts } from "../i18n/index.ts";
import { chosenLanguage } from "../i18n/index.ts";
import { clientAreas } from "../i18n/client.ts";
import * as f from "./format.ts";

const noon = Date.UTC(2026, 10, 21, 12, 0);
const plainSpaces = (s: string) => s.replace(/[\u00a0\u202f]/g, " ");

beforeEach(async () => {
  vi.stubGlobal("navigator", { languages: ["en-GB"] });
  f.timeZone.value = "Europe/Berlin";
  chosenLanguage.value = "en";
  await setUpTexts(clientAreas);
});
afterEach(() => {
  chosenLanguage.value = "en";
  f.clockStyle.value = "locale";
});

test("times follow the zone and the clock", () => {
  expect(f.clock(noon)).toBe("13:00");
  f.timeZone.value = "America/New_York";
  expect(f.clock(noon)).toBe("07:00");
  f.clockStyle.value = "h12";
  expect(plainSpaces(f.clock(noon)).toLowerCase()).toBe("07:00 am");
  f.timeZone.value = "Nowhere/Land"; // a choice of another device that this one does not know
  expect(() => f.clock(noon)).not.toThrow();
});

describe("days", () => {
  const day = 86_400_000;
  test.each([
    [0, "Today", "13:00"],
    [1, "Yesterday", "Yesterday"],
    [3, "Wednesday", "Wed"],
    [20, "Sunday 1 November", "1 Nov"],
    [400, "Friday 17 October 2025", "17/10/2025"],
  ])("%i days ago", (n, mark, row) => {
    const time = noon - n * day;
    expect(f.dayMark(time, noon).replace(",", "")).toBe(mark);
    expect(f.rowTime(time, noon)).toBe(row);
  });
  test("a day begins at midnight of the zone, also when the clock changes", () => {
    const before = Date.UTC(2026, 9, 24, 21, 59); // 23:59 in Berlin, the night before the hour is doubled
    const after = Date.UTC(2026, 9, 24, 22, 1);
    expect(f.dayKey(before)).toBe("2026-10-24");
    expect(f.dayKey(after)).toBe("2026-10-25");
    expect(f.daysBetween(before, after + 25 * 3_600_000)).toBe(2);
    expect(f.daysBetween(after, before)).toBe(-1);
  });
});

test.each([[0, "0 bytes"], [840_000, "840 kB"], [2_400_000, "2.4 MB"], [999_999, "1 MB"], [1.5e12, "1.5 TB"], [-5, "0 bytes"]])("%d bytes", (n, want) => {
  expect(plainSpaces(f.size(n))).toBe(want);
});

test.each([[18_000, "0:18"], [725_000, "12:05"], [3_723_000, "1:02:03"], [-1, "0:00"]])("%d ms long", (n, want) => {
  expect(f.length(n)).toBe(want);
});

test("spans", () => {
  expect(plainSpaces(f.span(7_400))).toBe("8s");
  expect(plainSpaces(f.span(20 * 60_000, "long"))).toBe("20 minutes");
});

test("the week begins as in the region", () => {
  expect([f.weekStart("en-US"), f.weekStart("de-DE"), f.weekStart("tr-TR"), f.weekStart("ar-EG")]).toEqual([7, 1, 1, 6]);
  expect(f.weekdays()[0]).toBe("Mon");
});

test("German and Turkish", async () => {
  chosenLanguage.value = "de";
  await vi.waitFor(() => expect(f.dayMark(noon, noon)).toBe("Heute"));
  expect(plainSpaces(f.size(2_400_000))).toBe("2,4 MB");
  chosenLanguage.value = "tr";
  await vi.waitFor(() => expect(f.dayMark(noon, noon)).toBe("Bugün"));
  expect(plainSpaces(f.percent(0.5))).toBe("%50");
});
