// Takes the pictures in docs/shots: `make shots`. A real switch with people who chat,
// seen by one of them and by an administrator, light and dark, wide and on a phone.
import { mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "../browser.ts";
import { Switch } from "../switch.ts";
import { withPalette } from "./palette.ts";
import { actor, type Cast, gather, hire, password, pause, talk } from "./people.ts";

const folder = resolve(import.meta.dirname, "../../../docs/shots");
const most = 150_000;
const operator = { name: "anna", password: "a long enough password" };
type Theme = "light" | "dark";
const themes: readonly Theme[] = ["light", "dark"];
const wide = { viewport: { width: 1440, height: 900 } };
const phone = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

let on: Switch;
let off: Switch;
let browser: Browser;
let cast: Cast;
let group: string;
let stopChatter: (() => void) | undefined;
const taken: string[] = [];
let failed = false;

beforeAll(async () => {
  await mkdir(folder, { recursive: true });
  [on, off, browser] = await Promise.all([Switch.start(), Switch.start("--licence-mode", "none"), startBrowser()]);
  await Promise.all([hire(on), hire(off), on.admin(operator.name, operator.password)]);
  cast = await gather(on);
  group = await talk(cast, await drawing());
  stopChatter = chatter();
}, 240_000);

/** Others talk too, so that the console has something to count. */
function chatter(): () => void {
  let n = 0;
  const timer = setInterval(() => {
    n++;
    if (n % 40 > 28) return; // people pause
    for (let k = 0; k <= (n * 7) % 5; k++) void actor(cast, "hugo").say("ines", `Row ${n} is right`).catch(() => 0);
  }, 500);
  return () => clearInterval(timer);
}

afterAll(async () => {
  stopChatter?.();
  for (const a of cast?.values() ?? []) a.client.stop();
  await browser?.close();
  await Promise.all([on?.end(), off?.end()]);
  // What nothing takes any more goes.
  if (!failed) for (const f of await readdir(folder)) if (!taken.includes(f)) await rm(join(folder, f));
});

afterEach(({ task }) => {
  failed ||= task.result?.state === "fail";
});

/** What one sees from the third floor. */
async function drawing(): Promise<Buffer> {
  const context = await browser.newContext({ viewport: { width: 960, height: 540 } });
  const page = await context.newPage();
  await page.setContent(`<style>body{margin:0}</style><svg width="960" height="540">
    <defs><linearGradient id="s" x2="0" y2="1"><stop stop-color="#8fb8cf"/><stop offset=".7" stop-color="#f3dfc4"/></linearGradient></defs>
    <rect width="960" height="540" fill="url(#s)"/><circle cx="700" cy="250" r="46" fill="#fff3d6"/>
    <path d="M0 330 180 210 330 320 470 230 650 340 820 250 960 320V540H0z" fill="#8aa5a0"/>
    <path d="M0 390 220 300 420 390 640 310 960 400V540H0z" fill="#5d7f72"/>
    <path d="M0 450Q240 380 480 440T960 430V540H0z" fill="#3f6152"/>
    <g fill="#2c3f38"><path d="M120 470V380h70v90zM205 470V350h46v120zM760 470V360h60v110zM832 470V395h80v75z"/></g>
    <g fill="#f2d9a0"><path d="M132 396h12v12h-12zM160 396h12v12h-12zM160 424h12v12h-12zM216 366h10v12h-10zM232 392h10v12h-10zM774 378h12v12h-12zM796 402h12v12h-12zM850 412h14v12h-14z"/></g></svg>`);
  const shot = await page.screenshot({ type: "jpeg", quality: 85 });
  await context.close();
  return shot;
}

/** Keeps what a page shows. Pictures that move or are not there yet would be others each time. */
async function take(page: Page, name: string): Promise<void> {
  await page.evaluate(() => document.fonts.ready);
  await page.mouse.move(2, 450); // over nothing
  await pause(600);
  const file = `${name}.png`;
  const small = withPalette(await page.screenshot({ animations: "disabled", caret: "hide" }), most);
  await writeFile(join(folder, file), small);
  taken.push(file);
  expect(small.length, file).toBeLessThanOrEqual(most);
}

/** A page with choices that its person has made before. */
async function open(path: string, theme: Theme, size: BrowserContextOptions, choices: Record<string, unknown> = {}, at = on): Promise<Person> {
  const p = await Person.open(browser, `${at.url}/brand.json`, { locale: "en-GB", colorScheme: theme, reducedMotion: "reduce", ...size });
  await p.page.evaluate((c) => Object.entries(c).forEach(([k, v]) => localStorage.setItem(`tandem.${k}`, JSON.stringify(v))), { theme, ...choices });
  await p.page.goto(at.url + path);
  return p;
}

async function client(theme: Theme, size: BrowserContextOptions, choices: Record<string, unknown> = {}, at = on): Promise<Person> {
  const p = await open("/", theme, size, choices, at);
  await p.enter({ name: "marlene", num: "210", password });
  await p.page.locator(".list a.row, .list .empty").first().waitFor();
  return p;
}

async function chat(p: Person, name: string): Promise<void> {
  await p.page.evaluate((n) => void (location.hash = `#/chat/${encodeURIComponent(n)}`), name);
  await p.page.locator(".compose").first().waitFor();
  await pause(1200); // pictures come, and the newest one is scrolled to
}

test.each(themes)("sign-in, %s", async (theme) => {
  for (const [name, size] of [["sign-in", wide], ["phone-sign-in", phone]] as const) {
    const p = await open("/", theme, size);
    await p.page.getByLabel("Name", { exact: true }).waitFor();
    if (name === "sign-in" || theme === "light") await take(p.page, `${name}-${theme}`);
    await p.close();
  }
});

test.each(themes)("chats, %s", async (theme) => {
  const p = await client(theme, wide);
  await chat(p, "tom");
  await take(p.page, `chat-${theme}`);
  await chat(p, group);
  await p.page.keyboard.press("Escape");
  await p.page.getByRole("button", { name: "Details" }).first().click();
  await p.page.locator(".details, .panel").first().waitFor();
  await take(p.page, `group-${theme}`);
  await p.page.getByRole("button", { name: "Close details" }).first().click();
  await chat(p, "tom");
  await p.page.keyboard.press("Control+k");
  await p.page.locator("[role=combobox], .finder input").first().fill("fr");
  await pause(800);
  await take(p.page, `finder-${theme}`);
  await p.page.keyboard.press("Escape");
  await p.page.evaluate(() => void (location.hash = "#/settings/appearance"));
  await take(p.page, `settings-${theme}`);
  await p.close();
});

test("people, files, compact and right to left", async () => {
  const p = await client("light", wide, { density: "compact" });
  await chat(p, "tom");
  await take(p.page, "compact-light");
  await p.page.evaluate(() => void (location.hash = "#/people/tom"));
  await pause(1200);
  await take(p.page, "people-light");
  await p.page.evaluate(() => void (location.hash = "#/files"));
  await pause(1500);
  await take(p.page, "files-light");
  await p.page.evaluate(() => void (location.hash = "#/settings/keys"));
  await take(p.page, "keys-light");
  await p.close();
  const rtl = await client("light", wide);
  await rtl.page.evaluate(() => void (document.documentElement.dir = "rtl"));
  await chat(rtl, "tom");
  await take(rtl.page, "right-to-left-light");
  await rtl.close();
});

test.each(themes)("on a phone, %s", async (theme) => {
  const p = await client(theme, phone);
  await take(p.page, `phone-list-${theme}`);
  await chat(p, "tom");
  await take(p.page, `phone-chat-${theme}`);
  await p.close();
});

test.each(themes)("nothing is kept, and no line, %s", async (theme) => {
  const v = await client(theme, wide, {}, off);
  const others = await gather(off);
  await chat(v, "tom");
  await actor(others, "tom").say("marlene", "Here nothing is kept.").catch(() => 0);
  await pause(500);
  await actor(others, "tom").say("marlene", "Who is away does not get it.").catch(() => 0);
  await take(v.page, `volatile-${theme}`);
  await v.close();
  for (const a of others.values()) a.client.stop();
});

test.each(themes)("the console, %s", async (theme) => {
  for (const name of ["tom", "marlene"]) await on.command(["trace", "on", "PBX", "--user", `${name}@${on.domain}`, "--for", "10m"]);
  const p = await open("/admin/", theme, wide);
  await p.page.getByLabel("Name", { exact: true }).fill(operator.name);
  await p.page.getByLabel("Password", { exact: true }).fill(operator.password);
  await p.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await p.page.locator(".con .page h1").first().waitFor();
  await pause(1500);
  await take(p.page, `console-dashboard-${theme}`);
  for (const id of theme === "light" ? inLight : inBoth) {
    await p.page.evaluate((x) => void (location.hash = `#/${x}`), id);
    await pause(1800);
    await take(p.page, `console-${id}-${theme}`);
  }
  if (theme === "light") {
    await p.page.evaluate(() => void (location.hash = "#/objects"));
    await p.page.getByText("Tom Ahrens").first().click();
    await pause(1500);
    await take(p.page, "console-object-light");
  }
  stopChatter?.();
  await p.page.evaluate(() => void (location.hash = "#/tracing"));
  await p.page.locator(".tail").waitFor();
  const talkers = [actor(cast, "tom"), actor(cast, "marlene")] as const;
  const number = await talkers[0].say("marlene", "Do the frames come?");
  talkers[1].read("tom", number);
  await talkers[1].say("tom", "They do.");
  await pause(1500); // all that belongs to it
  const line = p.page.locator(".tail .ln", { hasText: "PbxSignal" }).last();
  await line.waitFor();
  await line.locator("button").click();
  await p.page.locator(".seqbox").waitFor();
  await take(p.page, `console-tracing-${theme}`);
  stopChatter = chatter();
  await p.close();
});

const inBoth = ["objects", "audit"];
const inLight = [...inBoth, "domains", "registrations", "broadcast", "settings"];

test("no line", async () => {
  const seen: [Theme, Person][] = [];
  for (const theme of themes) {
    const p = await client(theme, wide);
    await chat(p, group);
    seen.push([theme, p]);
  }
  stopChatter?.();
  await on.down();
  for (const [theme, p] of seen) {
    await p.page.locator(".compose .tx[contenteditable]").click();
    await p.page.keyboard.insertText("I bring the labels.");
    await p.page.keyboard.press("Enter");
    await p.page.getByText("Offline since").first().waitFor({ timeout: 30_000 });
    await take(p.page, `offline-${theme}`);
    await p.close();
  }
});
