// Two people and a third in conversation: what one does, the others see.
import { randomBytes } from "node:crypto";
import type { Browser, Locator } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";

let on: Switch;
let browser: Browser;
let alice: Person;
let bob: Person;

const login = (name: string) => on.people.get(name) ?? { name, num: "", password: "" };

async function open(p: Person, chat: string): Promise<void> {
  await p.page.evaluate((name) => (location.hash = `#/chat/${encodeURIComponent(name)}`), chat);
  await p.page.locator(".tx").waitFor();
}

async function say(p: Person, text: string): Promise<void> {
  await p.page.locator(".tx").click();
  await p.page.keyboard.type(text);
  await p.page.keyboard.press("Enter");
}

/** The bubble with a text; the newest where several have it. */
const bubble = (p: Person, text: string | RegExp): Locator => p.page.locator("article .bub", { hasText: text }).last();

async function act(p: Person, at: Locator, name: RegExp): Promise<void> {
  await at.click({ button: "right", position: { x: 6, y: 6 } });
  await p.page.getByRole("menuitem", { name }).click();
}

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  [alice, bob] = await Promise.all([Person.signIn(browser, on, login("alice")), Person.signIn(browser, on, login("bob"))]);
  await open(alice, "bob");
  await open(bob, "alice");
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

test("a text arrives, is read, and shows what looks like markup as text", async () => {
  await say(alice, "Hello <img src=x onerror=alert(1)> https://example.org/a.");
  await bubble(bob, "Hello").waitFor();
  expect(await bubble(bob, "Hello").locator("img").count()).toBe(0);
  expect(await bubble(bob, "Hello").locator("a").getAttribute("href")).toBe("https://example.org/a");
  await bubble(alice, "Hello").locator(".mt .read").waitFor();
});

test("formats are written with keys and arrive", async () => {
  const keys = alice.page.keyboard;
  await alice.page.locator(".tx").click();
  await keys.press("Control+b");
  await keys.type("bold");
  await keys.press("Control+b");
  await keys.type(" plain");
  await keys.press("Shift+Enter");
  await keys.type("second line");
  await keys.press("Enter");
  await bubble(bob, "second line").waitFor();
  expect(await bubble(bob, "second line").locator(".words").innerHTML()).toBe("<b>bold</b> plain<br>second line");
});

test("who writes is shown", async () => {
  await bob.page.locator(".tx").click();
  await bob.page.keyboard.type("I wri");
  await alice.page.locator(".bar .st", { hasText: "typing" }).waitFor();
  await bob.page.keyboard.type("te");
  await bob.page.keyboard.press("Enter");
  await bubble(alice, "I write").waitFor();
});

test("reactions, replies and edits reach the other", async () => {
  await bubble(alice, "I write").click({ button: "right", position: { x: 6, y: 6 } });
  await alice.page.locator(".menu .quick button").first().click();
  await bob.page.locator(".rx button", { hasText: "👍" }).waitFor();

  await act(bob, bubble(bob, "Hello"), /Reply/);
  await bob.page.keyboard.type("An answer");
  await bob.page.keyboard.press("Enter");
  await bubble(alice, "An answer").locator(".quote", { hasText: "Hello" }).waitFor();

  await bob.page.locator(".tx").click();
  await bob.page.keyboard.press("ArrowUp");
  await bob.page.locator(".replying").waitFor();
  await bob.page.keyboard.type(", better");
  await bob.page.keyboard.press("Enter");
  await bubble(alice, "An answer, better").locator(".mt", { hasText: "edited" }).waitFor();
});

test("a deleted message can be brought back, and goes for both when it is not", async () => {
  await say(bob, "A mistake");
  await bubble(alice, "A mistake").waitFor();
  await act(bob, bubble(bob, "A mistake"), /Delete/);
  await bubble(bob, "You deleted").waitFor();
  await bob.page.getByRole("button", { name: "Undo" }).click();
  await act(bob, bubble(bob, "A mistake"), /Delete/);
  await bubble(alice, "This message was deleted").waitFor({ timeout: 20_000 });
});

test("pinned messages stand above the log and lead to the message", async () => {
  await act(alice, bubble(alice, /^Hello/), /^Pin/);
  await bob.page.locator(".pins", { hasText: "Hello" }).waitFor();
  await bob.page.locator(".pins-go").click();
  await bob.page.locator("article.tint", { hasText: "Hello <img" }).waitFor();
});

test("pictures and files go along, and the gallery shows them", async () => {
  const picture = await alice.page.screenshot();
  await alice.page.locator(".compose input[type=file]").setInputFiles([
    { name: "one.png", mimeType: "image/png", buffer: picture },
    { name: "two.png", mimeType: "image/png", buffer: picture },
    { name: "plan.pdf", mimeType: "application/pdf", buffer: randomBytes(50_000) },
  ]);
  expect(await alice.page.locator(".tray-one").count()).toBe(3);
  await say(alice, "Three files");
  await bob.page.locator(".thumb img").nth(1).waitFor({ timeout: 30_000 });
  await bob.page.locator(".file", { hasText: "plan.pdf" }).waitFor();
  const [download] = await Promise.all([bob.page.waitForEvent("download"), bob.page.getByRole("button", { name: "Download plan.pdf" }).click()]);
  expect(download.suggestedFilename()).toBe("plan.pdf");
  await bob.page.locator(".thumb").first().click();
  await bob.page.locator(".gal img").waitFor();
  await bob.page.keyboard.press("ArrowRight");
  await bob.page.locator(".gal header", { hasText: "2 / 2" }).waitFor();
  await bob.page.keyboard.press("Escape");
});

test("a voice message is recorded, listened to, sent and played", async () => {
  await alice.page.getByRole("button", { name: "Record voice message" }).click();
  await alice.page.locator(".rec-time", { hasText: "0:04" }).waitFor();
  await alice.page.getByRole("button", { name: "Stop and listen" }).click();
  await alice.page.locator(".recording .voice .pl").waitFor();
  await alice.page.locator(".recording .send").click();
  await bob.page.locator("article .voice").waitFor({ timeout: 30_000 });
  await bob.page.locator("article .voice .pl").click();
  await bob.page.locator("article .voice .speed").first().waitFor();
});

test("a long chat keeps its place, finds, and goes far back", async () => {
  for (let i = 0; i < 110; i++) await say(alice, `Line ${i} of many`);
  await bubble(bob, "Line 109 of many").waitFor({ timeout: 30_000 });
  await bob.page.reload();
  await bubble(bob, "Line 109 of many").waitFor();
  const log = bob.page.locator(".log");
  await log.hover();
  for (let i = 0; i < 6; i++) await bob.page.mouse.wheel(0, -300);
  const place = () =>
    log.evaluate((l) => {
      const edge = l.getBoundingClientRect().top + 60;
      const row = [...l.querySelectorAll(".lrow")].find((e) => e.getBoundingClientRect().bottom > edge);
      return `${row?.textContent?.slice(0, 30)} ${Math.round((row?.getBoundingClientRect().top ?? 0) - edge)}`;
    });
  await bob.page.waitForTimeout(500); // for the wheel to rest
  const before = await place();
  await say(alice, "While you read");
  await bob.page.locator(".to-newest .badge").waitFor();
  expect(await place()).toBe(before);
  await open(bob, "carol");
  await open(bob, "alice");
  await bob.page.locator(".new").waitFor(); // what came meanwhile comes first

  await bob.page.getByRole("button", { name: "Search in this chat" }).click();
  await bob.page.getByRole("searchbox", { name: "Search in this chat" }).fill("I write");
  await bob.page.locator("article.tint", { hasText: "I write" }).waitFor();
  expect(await bob.page.locator(".words mark").count()).toBeGreaterThan(0);
  await bob.page.keyboard.press("Escape");
  await bob.page.locator(".tx").click();
  await bob.page.keyboard.press("Escape");
  await bubble(bob, "While you read").waitFor();
});

test("a draft stays when the chat is left at once", async () => {
  await alice.page.locator(".tx").click();
  await alice.page.keyboard.type("not yet sent");
  await open(alice, "carol");
  await open(alice, "bob");
  await expect.poll(() => alice.page.locator(".tx").innerText()).toBe("not yet sent");
  await alice.page.keyboard.press("Control+a");
  await alice.page.locator(".tx").click();
  await alice.page.keyboard.press("Control+a");
  await alice.page.keyboard.press("Delete");
});

test("what is pasted is cleaned before it is sent", async () => {
  await alice.page.locator(".tx").evaluate((el) => {
    const data = new DataTransfer();
    data.setData("text/html", '<p onclick="x">Pasted <b style="color:red">bold</b><script>alert(1)</script></p><ul><li>one</li></ul>');
    data.setData("text/plain", "Pasted bold one");
    (el as HTMLElement).focus();
    el.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
  });
  await alice.page.keyboard.press("Control+Enter");
  await bubble(bob, "Pasted").waitFor();
  expect(await bubble(bob, "Pasted").locator(".words").innerHTML()).toBe("Pasted <b>bold</b><ul><li>one</li></ul>");
});

test("nothing went wrong on the pages, and they can be read by everybody", async () => {
  for (const p of [alice, bob]) {
    expect(await p.violations()).toEqual([]);
    expect(p.faults).toEqual([]);
    expect([...p.hosts]).toEqual([new URL(on.url).host]);
  }
});
