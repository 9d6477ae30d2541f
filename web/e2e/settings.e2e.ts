// What an administrator does for himself, for others and for the switch; and one message to many.
import type { Browser, Page } from "playwright-core";
import { createHmac } from "node:crypto";
import { mkdir } from "node:fs/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";

let on: Switch;
let browser: Browser;
const password = "correct horse battery";
/** A folder for pictures of the pages, to be looked at. */
const shots = process.env["SHOTS"];

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  await on.admin("anna", password);
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

async function signIn(name: string, words: string, at = "settings/account", code = ""): Promise<Person> {
  const p = await Person.open(browser, `${on.url}/admin/#/${at}`, { viewport: { width: 1440, height: 900 } });
  await p.page.getByLabel("Name", { exact: true }).fill(name);
  await p.page.getByLabel("Password", { exact: true }).fill(words);
  await p.page.getByRole("button", { name: "Sign in", exact: true }).click();
  if (code) {
    await p.page.getByLabel("Code of the second factor").fill(code);
    await p.page.getByRole("button", { name: "Sign in", exact: true }).click();
  }
  await p.page.locator("main h1").waitFor();
  return p;
}

/** Pictures of a page, light and dark, wide and narrow. */
async function picture(page: Page, name: string): Promise<void> {
  if (!shots) return;
  await mkdir(shots, { recursive: true });
  for (const width of [1440, 390])
    for (const theme of ["light", "dark"] as const) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme: theme });
      await page.waitForTimeout(250);
      await page.screenshot({ path: `${shots}/${name}-${theme}-${width}.png` });
    }
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
}

/** A code of an authenticator app (RFC 6238), `steps` of 30 seconds from now. */
function totp(secret: string, steps = 0): string {
  const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const bits = [...secret.replace(/[^A-Z2-7]/g, "")].map((c) => letters.indexOf(c).toString(2).padStart(5, "0")).join("");
  const key = Buffer.from((bits.match(/.{8}/g) ?? []).map((b) => parseInt(b, 2)));
  const at = Buffer.alloc(8);
  at.writeBigUInt64BE(BigInt(Math.floor(Date.now() / 30_000) + steps));
  const sum = createHmac("sha1", key).update(at).digest();
  const from = sum[19]! & 15;
  return String((sum.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, "0");
}

async function check(p: Person): Promise<void> {
  // What still fades in has less contrast than it will have.
  await p.page.evaluate(() => Promise.all(document.getAnimations().filter((a) => a.effect?.getComputedTiming().iterations !== Infinity).map((a) => a.finished.catch(() => undefined))));
  expect(await p.violations()).toEqual([]);
}

test("a broadcast is written, looked at, sent and counted", async () => {
  const bob = await Person.signIn(browser, on, on.people.get("bob")!);
  const p = await signIn("anna", password, "broadcast");
  const page = p.page;
  await page.getByLabel("Sender", { exact: true }).fill("nobodyatall");
  await page.getByLabel("Text", { exact: true }).fill("The <b onclick='x'>office</b> is closed.\n<script>alert(1)</script>Until Monday.");
  const count = page.locator(".broadcast-count");
  await page.getByRole("button", { name: "Names", exact: true }).click();
  await page.getByLabel("Names of the receivers").fill("bob, nobodyatall2");
  await expect.poll(() => count.innerText()).toContain("1 person gets it. Left out: nobodyatall2.");
  await page.getByRole("button", { name: "Review" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Reason").fill("ticket 4711");
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  await dialog.getByText("There is nobody called").waitFor();
  await dialog.getByRole("button", { name: "Cancel" }).click();
  await page.getByLabel("Sender", { exact: true }).fill("alice");
  await page.getByRole("button", { name: "Everybody", exact: true }).click();
  await expect.poll(() => count.innerText()).toMatch(/^[1-9]\d* (person gets|people get) it\.$/);
  expect(await page.locator(".bubble-preview").first().innerHTML()).not.toContain("onclick");
  await check(p);
  await picture(page, "broadcast");
  await page.getByRole("button", { name: "Review" }).click();
  await dialog.getByLabel("Reason").fill("ticket 4711");
  await check(p);
  await picture(page, "broadcast-review");
  await dialog.getByRole("button", { name: "Send", exact: true }).click();
  const sent = page.locator(".sent-list > li").first();
  await sent.waitFor();
  await bob.page.getByText("is closed.").first().waitFor();
  await expect.poll(async () => sent.locator(".sent-counts").innerText(), { timeout: 20_000 }).toMatch(/Delivered\s*[1-9]/);
  await check(p);
  await picture(page, "broadcast-sent");
  expect(await on.command(["audit", "list", "--act", "messages.broadcast"])).toContain("ticket 4711");
  // The one refusal that was provoked is logged by the browser itself.
  expect(p.faults.filter((f) => !/status of 404/.test(f))).toEqual([]);
  expect(bob.faults).toEqual([]);
  await bob.close();
  await p.close();
});

test("every part of the settings is there, accessible, in every language", async () => {
  const p = await signIn("anna", password);
  for (const tab of ["account", "appearance", "keys", "tokens", "administrators", "installation"]) {
    await p.page.goto(`${on.url}/admin/#/settings/${tab}`);
    await p.page.locator(".set-body .card h2").first().waitFor();
    await check(p);
    await picture(p.page, `settings-${tab}`);
  }
  await p.page.goto(`${on.url}/admin/#/storage`);
  await p.page.getByRole("heading", { name: "Storage" }).waitFor();
  await p.page.keyboard.press("?");
  await p.page.getByText("Keys of a single letter").waitFor();
  await p.page.goto(`${on.url}/admin/#/settings/appearance`);
  await p.page.getByLabel("Language", { exact: true }).selectOption("tr");
  await p.page.getByRole("heading", { name: "Ayarlar" }).waitFor();
  await p.page.getByLabel("Dil", { exact: true }).selectOption("de");
  await p.page.getByRole("heading", { name: "Einstellungen" }).waitFor();
  await p.page.getByRole("button", { name: "Dunkel" }).click();
  expect(await p.page.locator("html").getAttribute("data-theme")).toBe("dark");
  await p.page.emulateMedia({ colorScheme: "light" });
  expect(p.faults).toEqual([]);
  await p.close();
});

test("administrators are added, given roles, disabled and removed", async () => {
  const p = await signIn("anna", password, "settings/administrators");
  const page = p.page;
  await page.getByRole("button", { name: "New administrator" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("otto");
  await dialog.getByLabel("Password", { exact: true }).fill("long enough for otto");
  await dialog.getByRole("button", { name: "Add a role" }).click();
  await dialog.getByLabel("Domain", { exact: true }).fill(on.domain);
  await check(p);
  await picture(page, "settings-account-dialog");
  await dialog.getByRole("button", { name: "Save" }).click();
  const row = page.locator(".set-line", { hasText: "otto" });
  await row.getByText(`Administrator of ${on.domain}`).waitFor();

  const otto = await signIn("otto", "long enough for otto");
  await otto.page.getByText(`Administrator of ${on.domain}`).first().waitFor();
  expect(await otto.page.getByRole("tab").allInnerTexts()).toEqual(["Your account", "Appearance", "Keys", "API tokens"]);
  expect(otto.faults).toEqual([]);
  await otto.close();

  await row.getByRole("button", { name: "What to do with otto" }).click();
  await page.getByRole("menuitem", { name: "Disable" }).click();
  await row.getByText("Disabled").waitFor();
  await row.getByRole("button", { name: "What to do with otto" }).click();
  await page.getByRole("menuitem", { name: "Remove" }).click();
  await dialog.getByLabel("Reason").fill("has left");
  await dialog.getByRole("button", { name: "Remove" }).click();
  await row.waitFor({ state: "detached" });
  expect(await on.command(["audit", "list", "--act", "account.remove"])).toContain("has left");
  expect(p.faults).toEqual([]);
  await p.close();
});

test("a token is shown once and works until it is revoked", async () => {
  const p = await signIn("anna", password, "settings/tokens");
  const page = p.page;
  await page.getByRole("button", { name: "New token" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("backup-job");
  await dialog.getByRole("button", { name: "New token" }).click();
  const secret = (await dialog.locator("code").innerText()).trim();
  await check(p);
  const asks = async () => (await fetch(`${on.url}/admin/v1/version`, { headers: { Authorization: `Bearer ${secret}` } })).status;
  expect(await asks()).toBe(200);
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  expect(await page.content()).not.toContain(secret);
  await page.locator(".set-line", { hasText: "backup-job" }).getByRole("button", { name: "Revoke" }).click();
  await dialog.getByRole("button", { name: "Revoke" }).click();
  await page.getByText("There is no token.").waitFor();
  expect(await asks()).toBe(401);
  expect(p.faults).toEqual([]);
  await p.close();
});

test("the second factor is switched on, asked for, and switched off with a recovery code", async () => {
  await on.admin("frida", password);
  const p = await signIn("frida", password);
  const page = p.page;
  const dialog = page.getByRole("dialog");
  await page.getByRole("button", { name: "Switch on the second factor" }).click();
  await dialog.getByLabel("Password", { exact: true }).fill(password);
  await dialog.getByRole("button", { name: "Switch on the second factor" }).click();
  const secret = await dialog.locator("code").first().innerText();
  expect(await dialog.getByRole("link").getAttribute("href")).toMatch(/^otpauth:\/\/totp\//);
  await check(p);
  await picture(page, "settings-factor");
  await dialog.getByLabel("Code that the app shows").fill(totp(secret));
  await dialog.getByRole("button", { name: "Switch on", exact: true }).click();
  await dialog.getByText("Each is good once").waitFor();
  const codes = (await dialog.locator("code").innerText()).split("\n").filter(Boolean);
  expect(codes.length).toBeGreaterThan(4);
  await dialog.getByRole("button", { name: "I have kept it" }).click();
  await page.getByText(`${codes.length} are left.`).waitFor();

  const again = await signIn("frida", password, "settings/account", totp(secret, 1));
  await again.page.getByText("This one").waitFor();
  await again.close();

  await page.getByRole("button", { name: "Switch it off" }).click();
  await dialog.getByLabel("Password", { exact: true }).fill(password);
  await dialog.getByLabel("Code of the second factor").fill(codes[0]!);
  await dialog.getByRole("button", { name: "Switch it off" }).click();
  await page.getByText("A sign-in needs the password alone.").waitFor();
  expect(p.faults).toEqual([]);
  await p.close();
});

test("a password is changed, and another session is ended", async () => {
  await on.admin("gerda", password);
  const p = await signIn("gerda", password);
  const page = p.page;
  const other = await signIn("gerda", password);
  await page.reload();
  await picture(page, "settings-sessions");
  await page.locator(".set-line", { hasText: /From \d/ }).getByRole("button", { name: "End", exact: true }).click();
  await expect.poll(() => page.locator(".set-line", { hasText: /From \d/ }).count()).toBe(1);
  await other.page.reload();
  await other.page.getByRole("button", { name: "Sign in", exact: true }).waitFor();
  await other.close();
  await page.getByLabel("Present password").fill(password);
  await page.getByLabel("New password", { exact: true }).fill("another long password");
  await page.getByLabel("New password once more").fill("another long passwort");
  await page.getByText("It differs from the one above.").waitFor();
  await page.getByLabel("New password once more").fill("another long password");
  await page.getByRole("button", { name: "Change the password" }).click();
  await page.getByText("The password is changed").waitFor();
  expect(p.faults).toEqual([]);
  await p.close();
  await (await signIn("gerda", "another long password")).close();
});

test("an operator downloads a backup, replaces the master key, and stops the switch", async () => {
  const p = await signIn("anna", password, "settings/installation");
  const page = p.page;
  await page.getByLabel("Passphrase").fill("eight or more");
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download a backup" }).click()]);
  expect(saved.suggestedFilename()).toMatch(/^pbx-.*\.backup$/);
  await page.getByText("with the master key.").waitFor();
  await page.getByRole("button", { name: "Replace the key" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Replace the key" }).click();
  await page.getByText("Everything is sealed under one key.").waitFor();
  expect(await on.command(["audit", "list", "--act", "keys.rotate"])).toContain("anna");
  const docs = await page.getByRole("link", { name: "Open the description" }).getAttribute("href");
  expect((await fetch(on.url + docs)).status).toBe(200);
  await page.getByRole("button", { name: "Stop slowly" }).click();
  await page.getByRole("dialog").getByLabel("Seconds until it stops").fill("3600");
  await check(p);
  await page.getByRole("dialog").getByRole("button", { name: "Stop slowly" }).click();
  await expect.poll(() => fetch(`${on.url}/readyz`).then((a) => a.status, () => 0)).not.toBe(200);
  await p.close();
});
