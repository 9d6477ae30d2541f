// The directory of the console, as administrators use it: objects with conflicts and
// undo, an import with its preview, domains, groups and licences.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";

const password = "correct horse battery";
let on: Switch;
let browser: Browser;
let anna: Person;

/** Browsers log each refusal of the API; that it is shown is what the tests look at. */
const isFault = (text: string) => !/the server responded with a status of 4(?:09|12|22)/.test(text);

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  await on.admin("anna", password);
  await on.command(["admin", "add", "otto", "--role", "auditor", "--domain", on.domain, "--password-stdin"], password);
  anna = await console("anna");
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});
beforeEach(async () => {
  await anna.page.goto(`${on.url}/admin/#/objects`);
  await anna.page.reload(); // nothing is left open by the test before
  await anna.page.locator(".trow").first().waitFor();
});

async function console(name: string): Promise<Person> {
  const p = await Person.open(browser, `${on.url}/admin/`, { viewport: { width: 1440, height: 900 }, reducedMotion: "reduce" });
  await p.page.getByLabel("Name", { exact: true }).fill(name);
  await p.page.getByLabel("Password", { exact: true }).fill(password);
  await p.page.getByRole("button", { name: "Sign in", exact: true }).click();
  await p.page.getByRole("navigation", { name: "Main menu" }).waitFor();
  return p;
}

async function open(p: Person, page: string): Promise<void> {
  await p.page.evaluate((to) => (location.hash = `#/${to}`), page);
}

const row = (p: Person, name: string) => p.page.locator(".trow", { hasText: name });
const drawer = (p: Person) => p.page.locator(".drawer");
const press = (p: Person, name: string) => p.page.getByRole("button", { name, exact: true }).click();

/** Makes a user by hand. */
async function add(p: Person, name: string, num: string): Promise<void> {
  await press(p, "New object");
  await drawer(p).getByLabel("Name", { exact: true }).fill(name);
  await drawer(p).getByLabel("Number", { exact: true }).fill(num);
  await drawer(p).getByLabel("Display name").fill(`Display ${name}`);
  await drawer(p).getByLabel("Password", { exact: true }).fill("long enough");
  await press(p, "Make");
  await drawer(p).getByRole("tab", { name: "History" }).waitFor();
}

/** The page has no violation, in both themes. */
async function clean(p: Person): Promise<void> {
  for (const theme of ["light", "dark"]) {
    await p.page.evaluate((t) => (document.documentElement.dataset["theme"] = t), theme);
    expect(await p.violations()).toEqual([]);
  }
}

test("an object is made, found, changed, and its history tells", async () => {
  const { page } = anna;
  await add(anna, "dora", "140");
  await drawer(anna).getByLabel("Display name").fill("Dora Example");
  await press(anna, "Save");
  await drawer(anna).getByRole("heading", { name: "Dora Example" }).waitFor();
  await page.getByRole("tab", { name: "History" }).click();
  await page.getByText("object.set").waitFor();
  expect(await page.locator(".history ins", { hasText: "Dora Example" }).count()).toBe(1);
  await page.getByRole("tab", { name: "Devices" }).click();
  await press(anna, "Add a device");
  await drawer(anna).getByLabel("Hardware id").fill("desk-140");
  await press(anna, "Add");
  await page.locator(".device-list", { hasText: "desk-140" }).waitFor();
  await clean(anna);
  await drawer(anna).getByRole("button", { name: "Close", exact: true }).click();
  await page.getByLabel("Search", { exact: true }).fill("dora ex");
  await expect.poll(() => page.locator(".trow").count()).toBe(1);
  await page.keyboard.press("Escape");
  await page.getByLabel("Search", { exact: true }).fill("");
  await open(anna, "devices");
  await row(anna, "desk-140").waitFor();
});

test("a number that is taken is refused with free ones nearby", async () => {
  const { page } = anna;
  await add(anna, "emil", "150");
  await drawer(anna).getByLabel("Number", { exact: true }).fill("101");
  await press(anna, "Save");
  await page.getByText("The number 101 is taken by alice.").waitFor();
  const other = page.locator(".err .lnk").first();
  const free = (await other.textContent()) ?? "";
  expect(free).toMatch(/^1\d\d$/);
  await clean(anna);
  await other.click();
  expect(await drawer(anna).getByLabel("Number", { exact: true }).inputValue()).toBe(free);
  await press(anna, "Save");
  await row(anna, free).waitFor();
  await drawer(anna).getByRole("button", { name: "Close", exact: true }).click();
});

test("a change by somebody else is shown, and nobody's work is lost", async () => {
  const { page } = anna;
  await add(anna, "frida", "160");
  await on.command(["user", "set", `frida@${on.domain}`, "--dn", "Frida by others"]);
  await drawer(anna).getByLabel("Number", { exact: true }).fill("161");
  await press(anna, "Save");
  await page.getByText("Somebody else has changed this object.").waitFor();
  await clean(anna);
  await press(anna, "Load");
  await expect.poll(() => drawer(anna).getByLabel("Display name").inputValue()).toBe("Frida by others");
  expect(await drawer(anna).getByLabel("Number", { exact: true }).inputValue()).toBe("161");
  await press(anna, "Save");
  await row(anna, "161").getByText("Frida by others").waitFor();
  await drawer(anna).getByRole("button", { name: "Close", exact: true }).click();
});

test("what is deleted comes back", async () => {
  const { page } = anna;
  await add(anna, "gustav", "170");
  await press(anna, "Delete");
  await page.getByRole("dialog").getByLabel("Reason").fill("left the company");
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("Display gustav is deleted").waitFor();
  await expect.poll(() => row(anna, "gustav").count()).toBe(0);
  await press(anna, "Undo");
  await row(anna, "gustav").waitFor();
  await row(anna, "gustav").getByRole("checkbox").check();
  await page.getByRole("group", { name: "Acts on the chosen rows" }).getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByText("1 object deleted").waitFor();
  await open(anna, "objects/deleted");
  await row(anna, "gustav").waitFor();
  await clean(anna);
  await row(anna, "gustav").getByRole("button", { name: "Bring back" }).click();
  await page.getByText("Display gustav is back").waitFor();
  await open(anna, "audit");
  await open(anna, "objects");
  await row(anna, "gustav").waitFor();
});

test("many are changed at once", async () => {
  const { page } = anna;
  await add(anna, "hans", "180");
  await drawer(anna).getByRole("button", { name: "Close", exact: true }).click();
  for (const name of ["hans", "carol"]) await row(anna, name).getByRole("checkbox").check();
  await press(anna, "Disable");
  await page.getByText("2 objects changed").waitFor();
  await expect.poll(() => page.locator(".trow .tag", { hasText: "Disabled" }).count()).toBe(2);
  await row(anna, "carol").getByRole("checkbox").check();
  await press(anna, "Enable");
  await page.getByText("1 object changed").waitFor();
});

test("an import shows what it would do before it does it", async () => {
  const { page } = anna;
  await open(anna, "objects/import");
  await page.getByRole("button", { name: "Choose a file" }).waitFor();
  await clean(anna);
  const lines = ["sip,dn,num,password", ...Array.from({ length: 300 }, (_, i) => `many.${i},Many ${i},${5000 + i},long enough`), "alice,Again,6000,long enough", "short,Short,6001,x", "<b>,Markup,6002,long enough"];
  await page.locator("input[type=file]").setInputFiles({ name: "users.csv", mimeType: "text/csv", buffer: Buffer.from(lines.join("\n")) });
  await page.getByRole("button", { name: "Import 300 users" }).waitFor();
  await row(anna, "alice").waitFor();
  expect(await page.locator(".trow").count()).toBe(3);
  expect(await row(anna, "302").textContent()).toContain("alice");
  await clean(anna);
  await press(anna, "Import 300 users");
  await page.getByText("Users made").waitFor();
  await press(anna, "To the objects");
  await page.getByLabel("Search", { exact: true }).fill("many.");
  await page.getByText("of 300 that match many.").waitFor();
  await page.locator(".vlist").evaluate((el) => el.scrollTo(0, el.scrollHeight)); // the next part is loaded
  await expect.poll(async () => (await page.locator(".pag").textContent())?.includes("to 200") ?? false).toBe(true);
  await page.locator(".vlist").evaluate((el) => el.scrollTo(0, el.scrollHeight));
  await row(anna, "many.299").waitFor();
  await page.getByLabel("Search", { exact: true }).fill("");
  await row(anna, "alice").waitFor();
});

test("keys move, open and make", async () => {
  const { page } = anna;
  await page.getByRole("heading", { name: "Objects", exact: true }).click();
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await page.locator(".trow.at").waitFor();
  await page.keyboard.press("Enter");
  await drawer(anna).waitFor();
  await page.keyboard.press("Escape");
  await drawer(anna).waitFor({ state: "detached" });
  await page.keyboard.press("n");
  await drawer(anna).getByRole("heading", { name: "New object" }).waitFor();
  await page.keyboard.press("Escape");
  await page.keyboard.press("/");
  expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-label"))).toBe("Search");
});

test("a domain is made, branded and removed", async () => {
  const { page } = anna;
  await open(anna, "domains");
  await press(anna, "New domain");
  await drawer(anna).getByLabel("Name", { exact: true }).fill("two.example");
  await press(anna, "Make");
  await page.getByRole("tab", { name: "Brand" }).click();
  await drawer(anna).getByLabel("Accent", { exact: true }).fill("#ffe000");
  await page.getByText("The colour cannot be seen on both grounds.").waitFor();
  await clean(anna);
  await page.locator(".err .lnk").click();
  await drawer(anna).getByLabel("Name of the pages").fill("<b>Nord</b>klinik");
  await press(anna, "Save");
  await page.getByText("without markup").waitFor();
  await drawer(anna).getByLabel("Name of the pages").fill("Nordklinik");
  await press(anna, "Save");
  await page.getByText("two.example is saved").waitFor();
  await page.getByRole("tab", { name: "Numbers" }).click();
  await press(anna, "Add a node");
  await drawer(anna).getByLabel("Name", { exact: true }).fill("north");
  await drawer(anna).getByLabel("Prefix", { exact: true }).fill("7");
  await press(anna, "Save");
  await expect.poll(() => page.getByRole("button", { name: "Save", exact: true }).isDisabled()).toBe(true);
  await clean(anna);
  await press(anna, "Remove");
  await page.getByRole("dialog").getByLabel("Type two.example to go on").fill("two.example");
  await page.getByRole("dialog").getByLabel("Reason").fill("ended");
  await page.getByRole("dialog").getByRole("button", { name: "Remove" }).click();
  await page.getByText("two.example is removed").waitFor();
});

test("groups, templates and licences", async () => {
  const { page } = anna;
  await open(anna, "groups");
  await press(anna, "New hunt group");
  await drawer(anna).getByLabel("Name", { exact: true }).fill("desk");
  await drawer(anna).getByLabel("Group that it calls").fill("__proto__");
  await press(anna, "Make");
  await drawer(anna).getByLabel("Add a member").fill("alice");
  await drawer(anna).getByRole("button", { name: /alice|101/i }).first().click();
  await page.locator(".device-list", { hasText: "101" }).waitFor();
  await clean(anna);
  await open(anna, "templates");
  await page.getByRole("heading", { name: "There is no template" }).waitFor();
  await page.keyboard.press("n");
  await drawer(anna).getByLabel("Name", { exact: true }).fill("staff");
  await press(anna, "Make");
  await row(anna, "staff").waitFor();
  await clean(anna);
  await open(anna, "licences/keys");
  await press(anna, "Make a key");
  await page.getByRole("dialog").getByRole("button", { name: "Make" }).click();
  await page.getByText("It is the first key").waitFor();
  await page.getByRole("dialog").getByRole("button", { name: "Close" }).last().click();
  await press(anna, "Issue a licence");
  await drawer(anna).getByLabel("Users", { exact: true }).fill("20");
  await press(anna, "Sign");
  await press(anna, "Install it here");
  await page.getByText("The licence is installed").waitFor();
  await page.getByRole("tab", { name: "Installed" }).click();
  await row(anna, "messages:20").waitFor();
  await clean(anna);
  await page.getByRole("tab", { name: "By domain" }).click();
  await page.getByRole("heading", { name: /^messages/ }).waitFor();
  await clean(anna);
});

test("an auditor sees all of it and has no key to change it", async () => {
  const otto = await console("otto");
  await open(otto, "objects");
  await row(otto, "bob").click();
  await drawer(otto).getByRole("tab", { name: "History" }).waitFor();
  for (const name of ["Save", "Delete", "New object", "Import CSV"]) expect(await otto.page.getByRole("button", { name, exact: true }).count()).toBe(0);
  expect(await otto.page.getByRole("checkbox").count()).toBe(0);
  await clean(otto);
  await open(otto, "licences");
  await otto.page.getByRole("heading", { name: "Licences" }).waitFor();
  expect(await otto.page.getByRole("button", { name: "Issue a licence" }).count()).toBe(0);
  expect(otto.faults.filter(isFault)).toEqual([]);
  await otto.close();
});

test("nothing went wrong on the pages", () => {
  expect(anna.faults.filter(isFault)).toEqual([]);
  expect([...anna.hosts]).toEqual([new URL(on.url).host]);
});
