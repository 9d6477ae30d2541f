// Long conversations: nothing jumps, everything can be reached, and scrolling is smooth.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";
import { bubble, flood, open, robot, row, sound, until } from "./talk.ts";

/** A real store: as many as can be written in the time of a test. 50,000 are laid out in items.test.ts. */
const many = 3000;

let on: Switch;
let browser: Browser;
let alice: Person;

beforeAll(async () => {
  // What keeps one person from flooding others is not what is tried here.
  [on, browser] = await Promise.all([Switch.start("--limit-stored-rate=100000", "--limit-stored-burst=100000"), startBrowser()]);
  const bob = await robot(on, on.people.get("bob")!);
  await flood(bob, "alice", many, (i) => `Line ${i} ${"and more words ".repeat(i % 7)}`, 100);
  await bob.signOut();
  alice = await Person.signIn(browser, on, on.people.get("alice")!);
  await row(alice, "Bob").locator(".badge").waitFor();
  await open(alice, "bob");
  await alice.page.locator(".log article").first().waitFor();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

/** Where the topmost message in view stands, in pixels from the top of the log. */
const place = () =>
  alice.page.evaluate(() => {
    const log = document.querySelector(".log")!.getBoundingClientRect();
    const first = [...document.querySelectorAll<HTMLElement>(".log article")].find((e) => e.getBoundingClientRect().top >= log.top);
    return first && { key: first.dataset["key"]!, top: first.getBoundingClientRect().top };
  });
const topOf = (key: string) => alice.page.evaluate((k) => document.querySelector(`.log [data-key="${CSS.escape(k)}"]`)?.getBoundingClientRect().top, key);

test("the line of what is new stands where one opens it, and the newest is one press away", async () => {
  await alice.page.getByText(/new messages/).first().waitFor();
  await sound(alice);
  await alice.page.getByRole("button", { name: "Go to the newest message" }).click();
  await bubble(alice, `Line ${many - 1}`).waitFor();
});

test("what is read stays in its place while older messages come", async () => {
  await alice.page.locator(".log").hover();
  let jumps = 0;
  for (let i = 0; i < 40; i++) {
    await alice.page.mouse.wheel(0, -600);
    await alice.page.waitForTimeout(40);
    const before = await place();
    if (!before) continue;
    await alice.page.waitForTimeout(60); // nothing is scrolled: nothing may move
    const after = await topOf(before.key);
    if (after === undefined || Math.abs(after - before.top) > 2) jumps++;
  }
  expect(jumps).toBeLessThanOrEqual(1); // a wheel that still rolls may move one
  const lines = await alice.page.locator(".log article .words").allInnerTexts();
  const numbers = lines.map((l) => Number(/Line (\d+)/.exec(l)?.[1]));
  expect(numbers[0]).toBeLessThan(many - 60);
  expect(numbers).toEqual(numbers.map((_, i) => numbers[0]! + i)); // without a gap
});

test("the first day is reached by date, and the newest by a key", async () => {
  await alice.page.locator(".log-box .day button").first().click();
  const dialog = alice.page.getByRole("dialog", { name: "Go to a date" });
  await dialog.waitFor();
  await sound(alice);
  await dialog.locator("button.today").click();
  await alice.page.locator(".log .words", { hasText: /^Line 0\s*$/ }).waitFor();
  await alice.page.getByText("This chat begins here.").waitFor();
  await alice.page.locator(".compose .tx").click();
  await alice.page.getByRole("button", { name: "Go to the newest message" }).click();
  await bubble(alice, `Line ${many - 1}`).waitFor();
});

test("it scrolls as smoothly as an empty page does", async () => {
  /** 95th percentile of the time between two frames, in ms, while something scrolls. */
  const frames = (selector: string | undefined) =>
    alice.page.evaluate(async (sel) => {
      const el = sel === undefined ? undefined : document.querySelector(sel);
      const times: number[] = [];
      let last = 0;
      await new Promise<void>((done) => {
        const step = (now: number) => {
          if (last > 0) times.push(now - last);
          last = now;
          if (el) el.scrollTop -= 90;
          if (times.length < 60) requestAnimationFrame(step);
          else done();
        };
        requestAnimationFrame(step);
      });
      return times.sort((a, b) => a - b)[Math.floor(times.length * 0.95)]!;
    }, selector);
  // Best of some: what else the machine does is not of interest. 20 ms to 16.7 ms of an empty page, and room for a late frame.
  const [moving, still]: [number[], number[]] = [[], []];
  for (let i = 0; i < 3; i++) {
    moving.push(await frames(".log"));
    still.push(await frames(undefined));
  }
  expect(Math.min(...moving) / Math.min(...still)).toBeLessThan(2);
  await sound(alice);
  await until(async () => (await alice.page.locator(".log article").count()) < 120);
});
