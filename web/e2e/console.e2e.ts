// An administrator looks after a real switch with the console in Chromium.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";

const secret = "correct horse battery";
let on: Switch;
let browser: Browser;
const open: Person[] = [];

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  await on.admin("anna", secret);
  await on.command(["admin", "add", "dora", "--role", "domain_admin", "--domain", on.domain, "--password-stdin"], secret);
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});
afterEach(async () => {
  const list = open.splice(0);
  const faults = list.flatMap((p) => p.faults);
  await Promise.all(list.map((p) => p.close()));
  expect(faults).toEqual([]);
});

/** An administrator on a page of the console. */
async function admin(page: string, name = "anna", options = {}): Promise<Person> {
  const p = await Person.open(browser, `${on.url}/admin/`, options);
  open.push(p);
  await p.page.getByLabel("Name", { exact: true }).fill(name);
  await p.page.getByLabel("Password", { exact: true }).fill(secret);
  await p.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await p.page.getByRole("navigation", { name: "Main menu" }).waitFor();
  await p.page.evaluate((to) => (location.hash = `#/${to}`), page);
  return p;
}

async function person(name: string): Promise<Person> {
  const login = on.people.get(name);
  if (!login) throw new Error(`no ${name} in the demo`);
  const p = await Person.signIn(browser, on, login);
  open.push(p);
  return p;
}

test("wrong passwords are told, and nothing else", async () => {
  const p = await Person.open(browser, `${on.url}/admin/`);
  await p.page.getByLabel("Name", { exact: true }).fill("anna");
  await p.page.getByLabel("Password", { exact: true }).fill("wrong password");
  await p.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await p.page.getByRole("alert").waitFor();
  expect(await p.violations()).toEqual([]);
  await p.close();
});

test("a trace flag is switched on for one user, and the frames are watched", async () => {
  const [alice, bob] = await Promise.all([person("alice"), person("bob")]);
  const anna = await admin(`tracing/user/alice/${on.domain}`);
  await anna.page.getByRole("switch", { name: "PBX", exact: true }).click();
  await anna.page.getByText("1 trace on").waitFor();
  await anna.page.getByRole("button", { name: /^alice: change/ }).waitFor();
  await bob.chat("alice");
  await alice.chat("bob");
  await alice.write("watch the wire");
  const line = anna.page.getByRole("row").filter({ hasText: "im_message" }).first();
  await line.waitFor();
  await line.click();
  const diagram = anna.page.getByRole("region", { name: /^Sequence of call/ });
  await diagram.getByRole("img").waitFor();
  // Bodies are hidden, and frames of others are not there.
  expect(await anna.page.getByText("watch the wire").count()).toBe(0);
  expect(await anna.page.getByRole("row").filter({ hasText: "bob" }).getByRole("cell", { name: "bob", exact: true }).count()).toBe(0);
  await anna.page.getByLabel("Filter").fill("call:nothing");
  await anna.page.getByText("No line matches the filter").waitFor();
  await anna.page.getByLabel("Filter").fill("");
  const [file] = await Promise.all([
    anna.page.waitForEvent("download"),
    (async () => {
      await anna.page.getByRole("button", { name: "Download" }).click();
      await anna.page.getByRole("menuitem", { name: "As text" }).click();
    })(),
  ]);
  expect(file.suggestedFilename()).toBe("trace.txt");
  await anna.page.getByRole("button", { name: "Pause" }).click();
  await alice.write("while it is paused");
  await anna.page.getByText(/lines? waits?$/).waitFor();
  await anna.page.getByRole("switch", { name: "PBX", exact: true }).click();
  await anna.page.getByText("1 trace on").waitFor({ state: "detached" });
});

test("the dashboard and the live lists show what is there", async () => {
  const [alice] = await Promise.all([person("alice"), person("bob")]);
  await alice.chat("bob");
  await alice.write("one more");
  const anna = await admin("dashboard");
  await anna.page.getByText("Messages per second").first().waitFor();
  await expect.poll(() => anna.page.locator(".fig").first().locator(".v").textContent(), { timeout: 15_000 }).toBe("2");
  await anna.page.getByRole("link", { name: "Registrations" }).click();
  await anna.page.getByRole("row").filter({ hasText: "alice" }).click();
  await anna.page.getByRole("button", { name: "Disconnect", exact: true }).click();
  await anna.page.getByRole("dialog").getByRole("button", { name: "Disconnect", exact: true }).click();
  await anna.page.getByText("1 registration ended").waitFor();
  await anna.page.getByRole("link", { name: "Calls" }).click();
  await anna.page.getByRole("heading", { name: "Calls" }).waitFor();
});

test("rules of retention are made, tried and taken away; the audit log tells, and is whole", async () => {
  const anna = await admin("retention");
  await anna.page.getByRole("button", { name: "New rule" }).click();
  const dialog = anna.page.getByRole("dialog");
  anna.expected.push(/422/);
  await dialog.getByLabel("Days that messages are kept").fill("-1");
  await dialog.getByRole("button", { name: "Save" }).click();
  await dialog.getByRole("alert").first().waitFor();
  await dialog.getByLabel("Days that messages are kept").fill("30");
  await dialog.getByRole("button", { name: "Save" }).click();
  await anna.page.getByText("Messages 30 days").waitFor();
  await anna.page.getByRole("button", { name: "What would be deleted now" }).click();
  await anna.page.getByText(/would be deleted;/).waitFor();
  await anna.page.getByRole("button", { name: "Take the rule away" }).click();
  await anna.page.getByText("Without a rule everything is kept.").waitFor();
  await anna.page.getByRole("link", { name: "Audit log" }).click();
  await anna.page.getByRole("row").filter({ hasText: "messages.retention" }).first().waitFor();
  await anna.page.getByRole("button", { name: "Verify" }).click();
  await anna.page.getByText(/^Whole: /).waitFor();
});

test("who looks after one domain sees no more than that", async () => {
  const dora = await admin("registrations", "dora");
  await dora.page.getByRole("heading", { name: "Registrations" }).waitFor();
  expect(await dora.page.getByRole("link", { name: "Dashboard" }).count()).toBe(0);
});

for (const scheme of ["light", "dark"] as const) {
  test(`no fault of accessibility is found, ${scheme}`, async () => {
    const anna = await admin("dashboard", "anna", { colorScheme: scheme });
    for (const [page, heading] of [["dashboard", "Dashboard"], ["registrations", "Registrations"], ["calls", "Calls"], ["storage", "Storage"], ["retention", "Retention"], ["tracing", "Tracing"], ["audit", "Audit log"]]) {
      await anna.page.evaluate((to) => (location.hash = `#/${to}`), page);
      await anna.page.getByRole("heading", { name: heading ?? "", exact: true }).waitFor();
      await anna.page.waitForTimeout(400); // the lists come
      expect(await anna.violations(), page).toEqual([]);
    }
  });
}
