// Groups: who may do what, and what it looks like to whom it is done.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";
import { bubble, field, makeGroup, open, row, say, sound } from "./talk.ts";

let on: Switch;
let browser: Browser;
let alice: Person;
let bob: Person;
let carol: Person;
let group = "";

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  [alice, bob, carol] = (await Promise.all(["alice", "bob", "carol"].map((name) => Person.signIn(browser, on, on.people.get(name)!)))) as [Person, Person, Person];
  group = await makeGroup(alice, "Cutover", "Bob");
  await alice.page.keyboard.press("Control+.");
  await alice.page.locator(".panel .members").waitFor();
  await open(bob, group);
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

const member = (p: Person, name: string) => p.page.locator(".panel .mem", { hasText: name });

/** Does one of the acts on a member, from the details. */
async function to(p: Person, name: string, word: string): Promise<void> {
  await p.page.getByRole("button", { name: new RegExp(`^Acts for .*${name}`, "i") }).click();
  await p.page.getByRole("menuitem", { name: word, exact: true }).click();
}

test("somebody is invited and is there", async () => {
  await alice.page.locator(".panel").getByRole("button", { name: "Invite" }).click();
  const dialog = alice.page.getByRole("dialog", { name: "Invite" });
  await dialog.getByRole("searchbox").fill("Carol");
  await dialog.locator(".picker button.mem", { hasText: /Carol/ }).first().click();
  await sound(alice);
  await dialog.getByRole("button", { name: "Invite" }).click();
  await member(alice, "Carol").waitFor();
  await row(carol, "Cutover").waitFor();
  await open(carol, group);
  await say(carol, "here I am");
  await bubble(alice, "here I am").waitFor();
  await bubble(bob, "here I am").waitFor();
});

test("a muted member is told so and cannot write, and can again", async () => {
  await to(alice, "Bob", "Take the word");
  await member(alice, "Bob").getByText("May not write").waitFor();
  await bob.page.getByText("You may not write here. A moderator can give you the word back.").waitFor();
  expect(await field(bob).count()).toBe(0);
  await sound(bob);
  await to(alice, "Bob", "Give the word back");
  await field(bob).waitFor();
  await say(bob, "thank you");
  await bubble(alice, "thank you").waitFor();
});

test("where only moderators write, members read, and a moderator writes", async () => {
  await alice.page.locator(".panel-foot").getByRole("switch", { name: "Only moderators write" }).click();
  await bob.page.getByText("Only moderators write here.").waitFor();
  await carol.page.getByText("Only moderators write here.").waitFor();
  expect(await field(carol).count()).toBe(0);
  await say(alice, "an announcement");
  await bubble(carol, "an announcement").waitFor();
  await sound(carol);
  await to(alice, "Bob", "Make moderator");
  await member(alice, "Bob").getByText("Moderator").waitFor();
  await field(bob).waitFor();
  await say(bob, "a second one");
  await bubble(carol, "a second one").waitFor();
  await to(alice, "Bob", "Make member");
  await bob.page.getByText("Only moderators write here.").waitFor();
  await alice.page.locator(".panel-foot").getByRole("switch", { name: "Only moderators write" }).click();
  await field(carol).waitFor();
});

test("members see no acts that they do not have", async () => {
  await bob.page.keyboard.press("Control+.");
  await member(bob, "Carol").waitFor();
  await bob.page.getByRole("button", { name: /^Acts for .*Carol/i }).click();
  expect(await bob.page.getByRole("menuitem", { name: "Remove from group" }).count()).toBe(0);
  await bob.page.keyboard.press("Escape");
  expect(await bob.page.locator(".panel-foot").getByRole("switch").count()).toBe(0);
  await sound(bob);
});

test("who is removed gets nothing more and is told", async () => {
  await to(alice, "Carol", "Remove from group");
  await alice.page.getByRole("dialog", { name: /Remove Carol/ }).getByRole("button", { name: "Remove from group" }).click();
  await member(alice, "Carol").waitFor({ state: "detached" });
  await say(alice, "without Carol");
  await bubble(bob, "without Carol").waitFor();
  await carol.page.getByText("You are not in this group any more.").waitFor();
  expect(await carol.page.locator(".words", { hasText: "without Carol" }).count()).toBe(0);
  await sound(carol);
});

test("a chat is muted: its badge is quiet", async () => {
  await open(bob, "alice");
  await row(bob, "Cutover").click({ button: "right" });
  await bob.page.getByRole("menuitem", { name: "Mute", exact: true }).click();
  await say(alice, "psst");
  await row(bob, "Cutover").locator(".badge.q").waitFor();
  await sound(bob);
});
