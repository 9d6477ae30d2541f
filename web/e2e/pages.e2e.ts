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
