// Without a licence nothing is kept, and the screen says so; a licence changes it at once.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";
import { bubble, field, open, row, say, sound, until } from "./talk.ts";

let on: Switch;
let browser: Browser;

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  // From the first key on a domain has what is installed for it; the demo's is taken away.
  await on.command(["licence", "keygen", "--name", "main"]);
  const id = /[0-9a-f]{32}/.exec(await on.command(["licence", "list"]))?.[0] ?? "";
  await on.command(["licence", "revoke", id, "--reason", "test"]);
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

const banner = (p: Person) => p.page.getByText("Nothing here is kept.");

test("two people chat while both are there, and nothing stays; a licence that comes keeps what comes after it", async () => {
  const [alice, bob] = (await Promise.all(["alice", "bob"].map((name) => Person.signIn(browser, on, on.people.get(name)!)))) as [Person, Person];
  await open(alice, "bob");
  await open(bob, "alice");
  for (const p of [alice, bob]) await banner(p).waitFor();
  await say(alice, "gone with the wind");
  await bubble(bob, "gone with the wind").waitFor();
  expect(await bubble(alice, "gone with the wind").locator(".bub.volatile").count()).toBe(1);
  expect(await alice.page.locator(".field-card.volatile").count()).toBe(1);
  await alice.page.getByRole("button", { name: "Why" }).click();
  await alice.page.getByRole("dialog").getByText(/An administrator can assign a licence/).waitFor();
  await sound(alice);
  await alice.page.keyboard.press("Escape");

  // Unread is counted and marked as read without numbers.
  await open(bob, "carol");
  await say(alice, "are you there");
  await row(bob, "Alice").locator(".badge").waitFor();
  await bob.page.locator(".list header").getByRole("button", { name: "More" }).click();
  await bob.page.getByRole("menuitem", { name: "Mark all as read" }).click();
  await row(bob, "Alice").locator(".badge").waitFor({ state: "detached" });
  await sound(bob);
  await open(bob, "alice");

  await bob.page.reload();
  await banner(bob).waitFor();
  await field(bob).waitFor();
  expect(await bob.page.locator(".words", { hasText: "gone with the wind" }).count()).toBe(0);

  const licence = await on.command(["licence", "issue", on.domain, "messages"]);
  await on.command(["licence", "install", "-"], licence);
  for (const p of [alice, bob]) await banner(p).waitFor({ state: "detached", timeout: 40_000 });
  await say(alice, "this one stays");
  await bubble(bob, "this one stays").waitFor();
  await until(async () => (await bubble(alice, "this one stays").locator(".bub.volatile").count()) === 0);
  await bob.page.reload();
  await bubble(bob, "this one stays").waitFor();
  await sound(bob);
});
