// How it looks and is used: themes, phone, keyboard, languages, from right to left, traces.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import shell from "../src/i18n/en/shell.ts";
import shellDe from "../src/i18n/de/shell.ts";
import shellTr from "../src/i18n/tr/shell.ts";
import conversation from "../src/i18n/en/conversation.ts";
import conversationDe from "../src/i18n/de/conversation.ts";
import conversationTr from "../src/i18n/tr/conversation.ts";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";
import { bubble, field, open, robot, say, sound, until } from "./talk.ts";

let on: Switch;
let browser: Browser;
let alice: Person;

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  const [bob, carol] = await Promise.all(["bob", "carol"].map((name) => robot(on, on.people.get(name)!)));
  await bob!.signal.send({ chat: "alice", data: "hello from 1234" });
  await carol!.signal.send({ chat: "alice", data: "hello from 5678" });
  await Promise.all([bob!.signOut(), carol!.signOut()]);
  alice = await Person.signIn(browser, on, on.people.get("alice")!);
  await open(alice, "bob");
  await bubble(alice, "hello from 1234").waitFor();
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

const go = (p: Person, hash: string) => p.page.evaluate((h) => void (location.hash = h), hash);
const pages = ["#/chat/bob", "#/people", "#/files", "#/settings/you", "#/settings/appearance", "#/settings/language", "#/settings/notifications", "#/settings/keys", "#/settings/devices", "#/settings/trace"];

test("light and dark are chosen, kept, and each can be read by everybody", async () => {
  const ground = () => alice.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
  const seen = new Set<string>();
  for (const theme of ["Dark", "Light"]) {
    await go(alice, "#/settings/appearance");
    await alice.page.locator(".settings").getByText(theme, { exact: true }).click();
    await until(async () => !seen.has(await ground()));
    seen.add(await ground());
    for (const hash of ["#/settings/appearance", "#/chat/bob", "#/people"]) {
      await go(alice, hash);
      await alice.page.locator("main").first().waitFor();
      await sound(alice);
    }
  }
  expect(seen.size).toBe(2);
});

test("on a phone there is one pane, a bar at the foot, and a way back", async () => {
  const p = await Person.signIn(browser, on, on.people.get("alice")!, { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true });
  const tabs = p.page.locator("nav.tabs");
  await tabs.waitFor();
  expect(await p.page.locator("nav.rail").count()).toBe(0);
  await sound(p);
  await p.page.locator(".list a.row", { hasText: "Bob" }).click();
  await bubble(p, "hello from 1234").waitFor();
  expect(await p.page.locator(".list").count()).toBe(0);
  expect(await tabs.count()).toBe(0);
  await sound(p);
  await p.page.getByRole("button", { name: "Back" }).click();
  await tabs.waitFor();
  for (const hash of pages) {
    await go(p, hash);
    await p.page.waitForTimeout(100);
    expect(await p.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), hash).toBeLessThanOrEqual(0);
  }
  await p.close();
});

test("everything can be reached by keyboard", async () => {
  const { keyboard } = alice.page;
  await go(alice, "#/");
  await keyboard.press("Control+k");
  const finder = alice.page.getByRole("combobox", { name: "Find or jump to" });
  await finder.waitFor();
  await sound(alice);
  await keyboard.type("carol");
  await alice.page.getByRole("option").first().waitFor();
  await keyboard.press("Enter");
  await bubble(alice, "hello from 5678").waitFor();

  const focused = () => alice.page.evaluate(() => (document.activeElement?.closest("[data-scope]") as HTMLElement | null)?.dataset["scope"] ?? "");
  const regions = new Set<string>();
  for (let i = 0; i < 6; i++) {
    await keyboard.press("F6");
    regions.add(await focused());
  }
  for (const region of ["rail", "list", "conversation", "composer"]) expect([...regions].join(" ")).toContain(region);

  const at = () => alice.page.evaluate(() => location.hash);
  const before = await at();
  await keyboard.press("Alt+ArrowDown");
  await until(async () => (await at()) !== before);
  await alice.page.locator("nav.rail a").first().focus();
  await keyboard.press("?");
  await alice.page.getByRole("dialog", { name: "Keys" }).waitFor();
  await sound(alice);
  await keyboard.press("Escape");
  await alice.page.getByRole("dialog").waitFor({ state: "detached" });
  await keyboard.press("g");
  await keyboard.press("p");
  await until(async () => (await at()) === "#/people");
});

/** Everything that can be read or heard on the page. */
const texts = (p: Person) =>
  p.page.evaluate(() => {
    const found: string[] = [];
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let n = walk.nextNode(); n; n = walk.nextNode()) found.push((n.textContent ?? "").trim());
    for (const e of document.querySelectorAll("[aria-label], [title], [placeholder]")) for (const a of ["aria-label", "title", "placeholder"]) found.push((e.getAttribute(a) ?? "").trim());
    return found;
  });

/** Texts without gaps to fill, by key: those that another language says differently. */
function differing(en: object, other: object): string[] {
  const out: string[] = [];
  const theirs = new Map(Object.entries(other) as [string, unknown][]);
  for (const [key, text] of Object.entries(en) as [string, unknown][]) {
    const b = theirs.get(key);
    if (typeof text === "object" && text !== null && typeof b === "object" && b !== null) out.push(...differing(text, b));
    else if (typeof text === "string" && text !== b && !text.includes("{{") && text.length > 3) out.push(text);
  }
  return out;
}

for (const [code, name, others] of [["de", "Deutsch", [shellDe, conversationDe]], ["tr", "Türkçe", [shellTr, conversationTr]]] as const) {
  test(`no English is left on the screen in ${name}`, async () => {
    const english = new Set([...differing(shell, others[0]), ...differing(conversation, others[1])]);
    // A word that the other language says somewhere too is none that was forgotten.
    const said = new Set(JSON.stringify(others).split('"'));
    await alice.page.evaluate(() => (document.activeElement as HTMLElement | null)?.blur()); // a tooltip that stands keeps its words
    await go(alice, "#/settings/language");
    await alice.page.locator(".settings select").first().selectOption(code);
    await until(() => alice.page.evaluate((c) => document.documentElement.lang === c, code));
    for (const hash of pages) {
      await go(alice, hash);
      await alice.page.locator("main").first().waitFor();
      let left: string[] = [];
      // Pages come in parts; what stays is what was forgotten.
      const clean = async () => (left = (await texts(alice)).filter((t) => english.has(t) && !said.has(t))).length === 0;
      await alice.page.waitForTimeout(100);
      await until(clean, 3000).catch(() => undefined);
      expect(left, hash).toEqual([]);
    }
    await sound(alice);
    await go(alice, "#/settings/language");
    await alice.page.locator(".settings select").first().selectOption("en");
    await until(() => alice.page.evaluate(() => document.documentElement.lang === "en"));
  });
}

test("from right to left nothing is wider than the screen", async () => {
  await alice.page.evaluate(() => void (document.documentElement.dir = "rtl"));
  for (const width of [1280, 1000, 390]) {
    await alice.page.setViewportSize({ width, height: 844 });
    for (const hash of ["#/", ...pages]) {
      await go(alice, hash);
      await alice.page.waitForTimeout(80);
      expect(await alice.page.evaluate(() => document.documentElement.scrollWidth - innerWidth), `${hash} at ${width}`).toBeLessThanOrEqual(0);
    }
  }
  await alice.page.setViewportSize({ width: 1280, height: 860 });
  await go(alice, "#/chat/bob");
  await field(alice).waitFor();
  const [list, conv] = await Promise.all([alice.page.locator(".list").boundingBox(), alice.page.locator("main.conv").boundingBox()]);
  expect(list!.x).toBeGreaterThan(conv!.x);
  await sound(alice);
  await alice.page.evaluate(() => void (document.documentElement.dir = "ltr"));
});

test("what the page sends and receives is traced, without texts, and can be downloaded", async () => {
  await go(alice, "#/settings/trace");
  await alice.page.getByRole("switch", { name: /^App/ }).click();
  await open(alice, "bob");
  await say(alice, "a secret of the heart");
  await go(alice, "#/settings/trace");
  const [download] = await Promise.all([alice.page.waitForEvent("download"), alice.page.getByRole("button", { name: "Download" }).click()]);
  const chunks: Buffer[] = [];
  for await (const c of await download.createReadStream()) chunks.push(c as Buffer);
  const text = Buffer.concat(chunks).toString();
  expect(text).toMatch(/App →/);
  expect(text).toMatch(/App ←/);
  expect(text).toContain("im_message");
  expect(text).not.toContain("secret of the heart");
  const printed: string[] = [];
  alice.page.on("console", (m) => void printed.push(m.text()));
  await alice.page.getByRole("switch", { name: /^Browser Console/ }).click();
  await open(alice, "bob");
  await say(alice, "once more");
  await until(() => printed.some((l) => l.includes("im_message")));
  await sound(alice);
});
