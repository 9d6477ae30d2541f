// The pages come from the program, under their policy, and from nowhere else.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";

let on: Switch;
let browser: Browser;

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

for (const path of ["/", "/admin/"]) {
  test(`${path} loads from its own host alone`, async () => {
    const p = await Person.open(browser, on.url + path);
    await p.page.locator("#app > *").first().waitFor();
    expect(p.faults).toEqual([]);
    expect([...p.hosts]).toEqual([new URL(on.url).host]);
    const policy = (await fetch(on.url + path)).headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).not.toContain("unsafe");
    await p.close();
  });
}

test("the first load of the client is small", async () => {
  const p = await Person.open(browser, on.url);
  await p.page.waitForLoadState("networkidle");
  const bytes = await p.page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].reduce(
      (sum, e) => sum + (e as PerformanceResourceTiming).encodedBodySize,
      0,
    ),
  );
  expect(bytes).toBeGreaterThan(0);
  expect(bytes).toBeLessThan(150_000);
  await p.close();
});

/** Bytes of a page: what it is made of as sent, and what of it came over the line this time. */
function loaded(p: Person): Promise<{ readonly made: number; readonly moved: number }> {
  return p.page.evaluate(() => {
    const all = [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")] as PerformanceResourceTiming[];
    const sum = (f: (e: PerformanceResourceTiming) => number) => all.reduce((n, e) => n + f(e), 0);
    return { made: sum((e) => e.encodedBodySize), moved: sum((e) => e.transferSize) };
  });
}

test("a reload into an open chat takes what this browser has", async () => {
  const alice = on.people.get("alice");
  if (!alice) throw new Error("the demo has no alice");
  // Without the worker: what is not loaded again is the doing of the names and the cache alone.
  const p = await Person.signIn(browser, on, alice, { serviceWorkers: "block" });
  await p.chat("bob");
  await p.page.waitForLoadState("networkidle");
  await p.page.reload();
  await p.field().waitFor();
  await p.page.waitForLoadState("networkidle");
  const { made, moved } = await loaded(p);
  expect(moved).toBeGreaterThan(0);
  expect(moved).toBeLessThan(20_000);
  // First screen, frame and conversation together, for a browser that has none of them: may not grow.
  expect(made).toBeGreaterThan(100_000);
  expect(made).toBeLessThan(200_000);
  await p.close();
});
