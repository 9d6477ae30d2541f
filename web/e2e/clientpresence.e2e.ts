// Being there: presence and note, notifications, the number in the title, do not disturb.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";
import { open, say, sound, until } from "./talk.ts";

let on: Switch;
let browser: Browser;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  [alice, bob] = (await Promise.all(["alice", "bob"].map((name) => Person.signIn(browser, on, on.people.get(name)!, { permissions: ["notifications"] })))) as [Person, Person];
  await open(bob, "alice");
  await say(bob, "hello");
  await open(alice, "bob");
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

/** Presence from the menu of oneself. */
async function presence(p: Person, word: string): Promise<void> {
  await p.page.locator(".rail .self").click();
  await p.page.getByRole("menuitemradio", { name: word }).or(p.page.getByRole("menuitemcheckbox", { name: word })).or(p.page.getByRole("menuitem", { name: word })).first().click();
}

test("presence and note are seen by the other", async () => {
  await presence(bob, "Away");
  await alice.page.locator(".conv .bar", { hasText: /away/i }).waitFor();
  await bob.page.evaluate(() => void (location.hash = "#/settings/you"));
  await bob.page.getByLabel("Note", { exact: true }).fill("In the machine room until 4");
  await bob.page.getByRole("button", { name: "Save", exact: true }).click();
  await alice.page.locator(".conv .bar", { hasText: "In the machine room until 4" }).waitFor();
  await sound(bob);
  await sound(alice);
});

/** Notifications that the page has made, and a page that nobody looks at. */
async function watch(p: Person): Promise<void> {
  await p.page.addInitScript(() => {
    const made: string[] = [];
    Object.assign(globalThis, { made });
    class Told {
      static permission = "granted";
      static requestPermission = () => Promise.resolve("granted");
      onclick: unknown = null;
      constructor(title: string, more?: { body?: string }) {
        made.push(`${title}: ${more?.body ?? ""}`);
      }
      close(): void {}
    }
    Object.defineProperty(globalThis, "Notification", { value: Told, configurable: true });
    Object.defineProperty(document, "visibilityState", { get: () => ((globalThis as { away?: boolean }).away ? "hidden" : "visible") });
    document.hasFocus = () => !(globalThis as { away?: boolean }).away;
  });
  await p.page.reload();
  await p.page.getByRole("heading", { name: "Chats", exact: true }).waitFor();
}

const made = (p: Person) => p.page.evaluate(() => (globalThis as unknown as { made: string[] }).made);
const leave = (p: Person, away: boolean) => p.page.evaluate((v) => void Object.assign(globalThis, { away: v }), away);

test("who is not looking is notified, with the number in the title; in do not disturb with the number alone", async () => {
  await watch(alice);
  await alice.page.evaluate(() => void (location.hash = "#/settings/notifications"));
  const show = alice.page.getByRole("switch", { name: "Notifications of the browser" });
  if ((await show.getAttribute("aria-checked")) !== "true") await show.click();
  await sound(alice);
  await leave(alice, true);
  await open(bob, "alice");
  await say(bob, "look here");
  await until(async () => (await made(alice)).length > 0);
  expect(await made(alice)).toEqual([expect.stringMatching(/^Bob.*: look here$/)]);
  expect(await alice.page.title()).toMatch(/^\(1\)/);

  await leave(alice, false);
  await presence(alice, "Do not disturb");
  await bob.page.locator(".conv .bar", { hasText: /disturb/i }).waitFor();
  await leave(alice, true);
  await say(bob, "look again");
  await until(async () => (await alice.page.title()).startsWith("(2)"));
  expect(await made(alice)).toHaveLength(1);
  await leave(alice, false);
  await open(alice, "bob");
  await until(async () => !(await alice.page.title()).startsWith("("));
});
