// What two people and a group do with messages, beyond writing and answering.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";
import { act, bubble, field, flood, makeGroup, open, robot, row, say, sound, until } from "./talk.ts";

let on: Switch;
let browser: Browser;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  [alice, bob] = await Promise.all([Person.signIn(browser, on, on.people.get("alice")!), Person.signIn(browser, on, on.people.get("bob")!)]);
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

test("unread messages are counted in row, title and filter, and read is read", async () => {
  const c = await robot(on, on.people.get("carol")!);
  await flood(c, "alice", 3, (i) => `news ${i}`, 1);
  const carol = row(alice, "Carol");
  await carol.getByText("3", { exact: false }).first().waitFor();
  expect(await carol.locator(".badge").innerText()).toMatch(/^3/);
  await until(async () => (await alice.page.title()).startsWith("(3)"));
  await sound(alice);
  const show = alice.page.getByRole("group", { name: "Show" }).or(alice.page.getByRole("radiogroup", { name: "Show" }));
  await show.getByText("Unread").click();
  expect(await alice.page.locator(".list a.row").count()).toBe(1);
  await carol.click();
  await bubble(alice, "news 2").waitFor();
  await carol.locator(".badge").waitFor({ state: "detached" });
  await until(async () => !(await alice.page.title()).startsWith("("));
  await show.getByText("All").click();
  await c.signOut();
});

test("all is marked as read at once", async () => {
  await open(alice, "bob");
  const c = await robot(on, on.people.get("carol")!);
  await flood(c, "alice", 2, (i) => `more ${i}`, 1);
  await row(alice, "Carol").locator(".badge").waitFor();
  await alice.page.locator(".list header").getByRole("button", { name: "More" }).click();
  await alice.page.getByRole("menuitem", { name: "Mark all as read" }).click();
  await row(alice, "Carol").locator(".badge").waitFor({ state: "detached" });
  await until(async () => (await c.messages.readChats()).every((x) => x.sip !== "alice" || (x.peerRead ?? 0) >= (x.id ?? 1)));
  await c.signOut();
});

test("a person is named with @, marked and counted", async () => {
  await makeGroup(alice, "Harbour", "Bob", "Carol");
  await open(bob, "alice");
  await field(alice).click();
  await alice.page.keyboard.type("ask @bo");
  await alice.page.getByRole("listbox", { name: "Members" }).getByText("Bob").waitFor();
  await alice.page.keyboard.press("Enter");
  await alice.page.keyboard.type(" about it");
  await alice.page.keyboard.press("Enter");
  await bubble(alice, "about it").locator(".words", { hasText: /ask @Bob/ }).waitFor();
  await row(bob, "Harbour").locator(".at-mark").waitFor();
  await bob.page.getByRole("group", { name: "Show" }).or(bob.page.getByRole("radiogroup", { name: "Show" })).getByText("Mentions").click();
  expect(await bob.page.locator(".list a.row", { hasText: "Harbour" }).count()).toBe(1);
  await row(bob, "Harbour").click();
  await bubble(bob, "about it").locator(".words [class*=mention], .words .at, .words .me, .words mark").first().waitFor();
  await bob.page.getByRole("group", { name: "Show" }).or(bob.page.getByRole("radiogroup", { name: "Show" })).getByText("All").click();
});

test("who has read is told in a group", async () => {
  await bubble(alice, "about it").locator(".seen").waitFor();
  expect(await bubble(alice, "about it").locator(".seen").innerText()).toContain("Read by 1");
  await bubble(alice, "about it").locator(".seen").click();
  const dialog = alice.page.getByRole("dialog", { name: "Who has read it" });
  await dialog.getByText(/Bob/).waitFor();
  await dialog.getByRole("heading", { name: /Read/ }).first().waitFor();
  await dialog.getByText(/Carol/).waitFor();
  await sound(alice);
  await alice.page.keyboard.press("Escape");
});

test("a message is forwarded to a chat", async () => {
  await act(alice, "about it", "Forward");
  const dialog = alice.page.getByRole("dialog", { name: "Forward message" });
  await dialog.getByRole("searchbox").fill("Bob");
  await dialog.locator(".mem", { hasText: "Bob" }).first().click();
  await sound(alice);
  await dialog.getByRole("button", { name: "Forward to 1 chat" }).click();
  await open(bob, "alice");
  await bubble(bob, "about it").getByText("Forwarded from Alice").waitFor();
});

test("a message is pinned for both, and unpinned", async () => {
  await open(alice, "bob");
  await say(alice, "pin this plan");
  await bubble(bob, "pin this plan").waitFor();
  await act(alice, "pin this plan", "Pin");
  await bob.page.locator(".pins", { hasText: "pin this plan" }).waitFor();
  await sound(bob);
  await bob.page.locator(".pins").getByRole("button", { name: "Unpin" }).click();
  await alice.page.locator(".pins").waitFor({ state: "detached" });
});

test("several messages are selected and deleted", async () => {
  for (const text of ["first of three", "second of three", "third of three"]) await say(alice, text);
  await bubble(bob, "third of three").waitFor();
  await act(alice, "first of three", "Select several");
  await bubble(alice, "second of three").getByRole("checkbox").check({ force: true });
  await alice.page.getByText("2 selected").first().waitFor();
  await sound(alice);
  await alice.page.getByRole("toolbar", { name: /selected/ }).getByRole("button", { name: "Delete" }).click();
  await alice.page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await until(async () => (await bob.page.locator(".words", { hasText: /(first|second) of three/ }).count()) === 0);
  await bubble(bob, "third of three").waitFor();
});

test("by keyboard: up edits the last message, Delete deletes, and it can be undone", async () => {
  await say(alice, "a tyop");
  await bubble(bob, "a tyop").waitFor();
  await alice.page.keyboard.press("ArrowUp");
  await alice.page.getByText("Edit message").waitFor();
  await alice.page.keyboard.press("Control+A");
  await alice.page.keyboard.insertText("a typo, mended");
  await alice.page.keyboard.press("Enter");
  await bubble(bob, "a typo, mended").getByText("edited").waitFor();

  const own = bubble(alice, "a typo, mended");
  await own.focus();
  await alice.page.keyboard.press("Delete");
  await alice.page.getByText("Message deleted", { exact: true }).waitFor();
  await alice.page.getByRole("button", { name: "Undo" }).click();
  await own.waitFor();
  await own.focus();
  await alice.page.keyboard.press("Delete");
  await alice.page.getByText("You deleted this message").last().waitFor();
  await open(alice, "carol"); // what waits to be undone is done when the chat is left
  await until(async () => (await bob.page.locator(".words", { hasText: "a typo, mended" }).count()) === 0);
  await open(alice, "bob");
});

test("the toolbar makes plain HTML: bold, a list, and a link whose address stays visible", async () => {
  const format = (name: string) => alice.page.getByRole("toolbar", { name: "Format" }).getByRole("button", { name });
  await field(alice).click();
  await format("Bold").click();
  await alice.page.keyboard.type("strong");
  await format("Bold").click();
  await alice.page.keyboard.type(" and ");
  await format("Link").click();
  const dialog = alice.page.getByRole("dialog");
  await dialog.getByLabel("Address").fill("https://tandem.example/plan");
  await dialog.getByLabel("Words before it").fill("the plan");
  await sound(alice);
  await dialog.getByRole("button", { name: "Insert" }).click();
  await alice.page.locator(".compose .tx:focus", { hasText: "/plan" }).waitFor();
  await alice.page.keyboard.type("for all"); // the caret is where it was
  await alice.page.keyboard.press("Enter");
  const words = bubble(bob, "strong and").locator(".words");
  await words.waitFor();
  expect(await words.locator("b, strong").innerText()).toBe("strong");
  const link = words.locator("a");
  expect(await link.innerText()).toBe("https://tandem.example/plan");
  expect(await link.getAttribute("rel")).toContain("noopener");
  expect(await words.innerText()).toBe("strong and the plan https://tandem.example/plan for all");

  await field(alice).click();
  await format("List").click();
  await alice.page.keyboard.type("one");
  await alice.page.keyboard.press("Shift+Enter");
  await alice.page.keyboard.type("two");
  await alice.page.getByRole("button", { name: "Send", exact: true }).click();
  const list = bubble(bob, "one").locator(".words li");
  await until(async () => (await list.count()) === 2);
  expect(await list.allInnerTexts()).toEqual(["one", "two"]);
});

test("emoji come from the own host, and go where the caret is", async () => {
  await field(alice).click();
  await alice.page.getByRole("button", { name: "Emoji", exact: true }).click();
  await alice.page.getByLabel("Find emoji").fill("waving");
  await alice.page.locator(".emoji-grid button", { hasText: "👋" }).first().waitFor();
  await sound(alice);
  await alice.page.locator(".emoji-grid button", { hasText: "👋" }).first().click();
  await alice.page.keyboard.press("Escape");
  await field(alice).click();
  await alice.page.keyboard.press("Enter");
  await bubble(bob, "👋").waitFor();
});

test("nothing went wrong on either page", async () => {
  await sound(alice);
  await sound(bob);
});
