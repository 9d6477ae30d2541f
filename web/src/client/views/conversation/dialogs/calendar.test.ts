import { describe, expect, it } from "vitest";
import { dayFrom, keyOf, monthOf, plusDays, plusMonths, startOfDay } from "./calendar.ts";

const row = (w: ReturnType<typeof monthOf>[number] | undefined) => (w ?? []).map((d) => d?.day ?? 0);
const zone = (timeZone: string) => {
  const f = new Intl.DateTimeFormat("en-CA", { timeZone, year: "numeric", month: "2-digit", day: "2-digit" });
  return (t: number) => f.format(t);
};

describe("monthOf", () => {
  it("begins weeks on the reader's day", () => {
    expect(row(monthOf(2026, 10, 1)[0])).toEqual([0, 0, 0, 0, 0, 0, 1]); // 1 November 2026 is a Sunday
    expect(row(monthOf(2026, 10, 7)[0])).toEqual([1, 2, 3, 4, 5, 6, 7]);
    expect(row(monthOf(2026, 10, 6)[0])).toEqual([0, 1, 2, 3, 4, 5, 6]);
  });
  it("knows leap years", () => {
    expect(monthOf(2028, 1, 1).flat().filter(Boolean)).toHaveLength(29);
    expect(monthOf(2026, 1, 7)).toHaveLength(4);
  });
});

it("moves over months and years", () => {
  const d = dayFrom("2026-12-31");
  expect(keyOf(plusDays(d, 1))).toBe("2027-01-01");
  expect(keyOf(plusMonths(d, 2))).toBe("2027-02-28");
  expect(keyOf(plusMonths(dayFrom("2026-03-31"), -1))).toBe("2026-02-28");
});

describe("startOfDay", () => {
  it.each([
    ["UTC", "2026-11-21", "2026-11-21T00:00:00Z"],
    ["Europe/Berlin", "2026-11-21", "2026-11-20T23:00:00Z"],
    ["Europe/Berlin", "2026-03-29", "2026-03-28T23:00:00Z"],
    ["Pacific/Kiritimati", "2026-11-21", "2026-11-20T10:00:00Z"],
    ["Pacific/Pago_Pago", "2026-11-21", "2026-11-21T11:00:00Z"],
    ["Asia/Kathmandu", "2026-11-21", "2026-11-20T18:15:00Z"],
  ])("%s %s", (name, day, at) => expect(new Date(startOfDay(dayFrom(day), zone(name))).toISOString().replace(".000", "")).toBe(at));
});
