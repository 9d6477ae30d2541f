// Files: pasted, dropped, several at once, stopped in the middle and gone on with.
import { randomBytes } from "node:crypto";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch } from "./switch.ts";
import { field, open, sound, until } from "./talk.ts";

let on: Switch;
let browser: Browser;
let alice: Person;
let bob: Person;

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
  [alice, bob] = (await Promise.all(["alice", "bob"].map((name) => Person.signIn(browser, on, on.people.get(name)!)))) as [Person, Person];
  await open(alice, "bob");
  await open(bob, "alice");
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});

/** An event of the browser that brings files. */
async function bring(how: "paste" | "drop", names: readonly string[]): Promise<void> {
  await alice.page.evaluate(
    ([how, names]) => {
      const data = new DataTransfer();
      for (const name of names) data.items.add(new File([`this is ${name}`], name, { type: "text/plain" }));
      const el = document.querySelector(".compose .tx")!;
      if (how === "paste") el.dispatchEvent(new ClipboardEvent("paste", { clipboardData: data, bubbles: true, cancelable: true }));
      else for (const type of ["dragenter", "dragover", "drop"]) el.dispatchEvent(new DragEvent(type, { dataTransfer: data, bubbles: true, cancelable: true }));
    },
    [how, names] as const,
  );
}

const tray = () => alice.page.locator(".tray-one");

test("files are pasted and dropped, several at once, taken out again, and arrive", async () => {
  await bring("paste", ["pasted.txt"]);
  await until(async () => (await tray().count()) === 1);
  await bring("drop", ["dropped one.txt", "dropped two.txt"]);
  await until(async () => (await tray().count()) === 3);
  await sound(alice);
  await alice.page.getByRole("button", { name: "Remove dropped one.txt" }).click();
  expect(await tray().count()).toBe(2);
  await field(alice).click();
  await alice.page.keyboard.press("Enter");
  for (const name of ["pasted.txt", "dropped two.txt"]) await bob.page.getByRole("button", { name: `Download ${name}` }).waitFor();
  const [got] = await Promise.all([bob.page.waitForEvent("download"), bob.page.getByRole("button", { name: "Download dropped two.txt" }).click()]);
  const chunks: Buffer[] = [];
  for await (const c of await got.createReadStream()) chunks.push(c as Buffer);
  expect(Buffer.concat(chunks).toString()).toBe("this is dropped two.txt");
  await sound(bob);
});

/** A line of 16 Mbit/s, so that there is a middle. */
async function slow(p: Person, rate: number): Promise<void> {
  const cdp = await p.context.newCDPSession(p.page);
  await cdp.send("Network.enable");
  await cdp.send("Network.emulateNetworkConditions", { offline: false, latency: 0, uploadThroughput: rate, downloadThroughput: rate });
}

async function attach(name: string, content: Buffer): Promise<void> {
  const path = join(on.data, name); // by its path: the browser reads it itself
  await writeFile(path, content);
  await alice.page.locator(".compose input[type=file]").setInputFiles(path);
}
const progress = async (p: Person, label: string) => Number((await p.page.getByRole("progressbar", { name: label }).getAttribute("aria-valuenow")) ?? 0);

test("an upload is cancelled, and nothing is sent", async () => {
  await slow(alice, 2_000_000);
  await attach("unwanted.bin", randomBytes(8_000_000));
  await field(alice).click();
  await alice.page.keyboard.press("Enter");
  await alice.page.getByRole("progressbar", { name: "Upload of unwanted.bin" }).waitFor();
  await sound(alice);
  await alice.page.getByRole("button", { name: "Cancel upload" }).click();
  await alice.page.locator(".upload").waitFor({ state: "detached" });
  expect(await bob.page.getByText("unwanted.bin").count()).toBe(0);
});

test("a large upload is paused, loses the switch in the middle, goes on, and comes whole", async () => {
  const file = randomBytes(30_000_000);
  await slow(alice, 6_000_000);
  await attach("large.bin", file);
  await field(alice).click();
  await alice.page.keyboard.press("Enter");
  await until(async () => (await progress(alice, "Upload of large.bin")) > 0);
  await alice.page.getByRole("button", { name: "Pause upload" }).click();
  await alice.page.getByText(/Paused at/).waitFor();
  await alice.page.getByRole("button", { name: "Resume upload" }).click();
  await until(async () => (await progress(alice, "Upload of large.bin")) > 0);
  await on.down();
  await alice.page.getByText(/Offline since/).first().waitFor();
  await on.up();
  await slow(alice, -1);
  await bob.page.getByRole("button", { name: "Download large.bin" }).waitFor({ timeout: 60_000 });

  await slow(bob, 10_000_000);
  const download = bob.page.waitForEvent("download", { timeout: 60_000 });
  await bob.page.getByRole("button", { name: "Download large.bin" }).click();
  await bob.page.getByRole("progressbar", { name: "Download" }).waitFor();
  const chunks: Buffer[] = [];
  for await (const c of await (await download).createReadStream()) chunks.push(c as Buffer);
  expect(Buffer.concat(chunks).equals(file)).toBe(true);
  // Addresses of files end with the switch that gave them: the browser logs that they were asked once more.
  for (const p of [alice, bob]) expect(p.faults.filter((f) => !f.includes("status of 404"))).toEqual([]);
}, 120_000);
