// Who gets in: domain, name, password, second factor, a session that is kept or not.
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch, type Login } from "./switch.ts";
import { sound, stranger, until } from "./talk.ts";

let on: Switch;
let browser: Browser;
let alice: Login;

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  alice = on.people.get("alice")!;
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

const chats = (p: Person) => p.page.getByRole("heading", { name: "Chats", exact: true });
const password = (p: Person) => p.page.getByLabel("Password", { exact: true });
const enter = (p: Person) => p.page.getByRole("button", { name: "Sign in", exact: true });

async function fill(p: Person, name: string, secret: string): Promise<void> {
  await p.page.getByLabel("Name", { exact: true }).fill(name);
  await password(p).fill(secret);
  await enter(p).click();
}

test("the domain is that of the host, or another one; a wrong one is told like a wrong password", async () => {
  const p = await Person.open(browser, on.url);
  const domain = p.page.getByLabel("Domain");
  if (!(await domain.isVisible())) await p.page.getByRole("button", { name: "Use another domain" }).click();
  await domain.fill("nowhere.example");
  await fill(p, alice.name, alice.password);
  await p.page.getByText("Domain, name or password is not right.").waitFor();
  await sound(p);
  await domain.fill(on.domain);
  await password(p).fill(alice.password);
  await enter(p).click();
  await chats(p).waitFor();
  await p.close();
});

test("after too many wrong passwords the right one is refused for a while, in the same words", async () => {
  const carol = on.people.get("carol")!;
  // The switch must not tell that it refuses unchecked (docs/limits.md).
  const wrong = () => {
    const c = stranger(on);
    return c.signIn({ name: carol.name, password: "wrong" }).then(() => "in", () => (c.stop(), "refused"));
  };
  expect(new Set(await Promise.all(Array.from({ length: 13 }, wrong)))).toEqual(new Set(["refused"]));
  const p = await Person.open(browser, on.url);
  await fill(p, carol.name, carol.password);
  await p.page.getByText("Domain, name or password is not right.").waitFor();
  expect(await password(p).evaluate((e) => e === document.activeElement)).toBe(true);
  await until(async () => {
    if (await enter(p).isVisible()) await enter(p).click();
    return chats(p).or(enter(p)).first().waitFor().then(() => chats(p).isVisible());
  }, 45_000);
  expect(p.faults).toEqual([]);
  await p.close();
});

test("a session is resumed by a new page where one asked for it, and not where not", async () => {
  const p = await Person.signIn(browser, on, alice);
  await p.page.close();
  const again = await p.context.newPage();
  await again.goto(on.url);
  await again.getByRole("heading", { name: "Chats", exact: true }).waitFor();
  const stored = await again.evaluate(() => JSON.stringify({ ...localStorage, ...sessionStorage }));
  expect(stored).not.toContain(alice.password);
  await p.close();

  const q = await Person.open(browser, on.url);
  await q.page.getByText("Keep me signed in on this device").click();
  await fill(q, alice.name, alice.password);
  await chats(q).waitFor();
  await q.page.close();
  const gone = await q.context.newPage();
  await gone.goto(on.url);
  await gone.getByRole("heading", { name: "Sign in", exact: true }).waitFor();
  await q.close();
});

test("a second factor is allowed or refused on a device that is signed in, with the same code on both", async () => {
  const dora = await on.user("dora", "231", "Dora Second");
  const first = await Person.signIn(browser, on, dora);
  await on.command(["user", "set", `dora@${on.domain}`, "--second-factor"]);

  for (const answer of ["Refuse", "Allow"] as const) {
    const second = await Person.open(browser, on.url);
    await fill(second, dora.name, dora.password);
    await second.page.getByRole("heading", { name: "One more step" }).waitFor();
    const code = (await second.page.locator(".factor .code").innerText()).replace(/\s/g, "");
    expect(code).toMatch(/^\d{4}$/);
    await sound(second);

    await first.page.getByText(`A device waits to be let in, with code ${code}.`).waitFor();
    await first.page.getByRole("button", { name: "Look" }).click();
    const waiting = first.page.locator(".device", { hasText: `Code ${code}` });
    await waiting.waitFor();
    await sound(first);
    await waiting.getByRole("button", { name: answer }).click();
    if (answer === "Allow") await chats(second).waitFor();
    else await second.page.getByText("The other device did not allow this one.").waitFor();
    expect(second.faults).toEqual([]);
    await second.close();
  }
  await first.close();
});
