// What people do in the client, and a second client without a page that writes a lot.
import type { Locator } from "playwright-core";
import { expect } from "vitest";
import { WebSocket as NodeSocket } from "ws";
import { clientUrl, createClient, type Client } from "../src/protocol/index.ts";
import type { SocketLike } from "../src/protocol/types.ts";
import type { Person } from "./browser.ts";
import type { Login, Switch } from "./switch.ts";

/** Opens the chat with a person or group by the address of the page. */
export async function open(p: Person, chat: string): Promise<void> {
  await p.page.evaluate((name) => void (location.hash = `#/chat/${encodeURIComponent(name)}`), chat);
  await field(p).or(p.page.locator(".no-write")).first().waitFor();
}

/** Where one writes. */
export const field = (p: Person): Locator => p.page.locator(".compose .tx[contenteditable]");

/** A message that has this text. */
export const bubble = (p: Person, text: string): Locator => p.page.locator("article[data-key]", { has: p.page.locator(".words", { hasText: text }) }).last();

/** Writes and sends, and waits until the message stands in the log. */
export async function say(p: Person, text: string): Promise<void> {
  await field(p).click();
  await p.page.keyboard.insertText(text);
  await p.page.keyboard.press("Enter");
  await bubble(p, text).waitFor();
}

/** The row of a chat in the list. */
export const row = (p: Person, title: string): Locator => p.page.locator(".list a.row", { hasText: title });

/** Opens the menu of a message and presses one of its acts. */
export async function act(p: Person, text: string, word: string): Promise<void> {
  await bubble(p, text).locator(".bub").click({ button: "right", position: { x: 6, y: 6 } });
  await p.page.getByRole("menuitem", { name: word }).click();
}

/** Makes a group by the screen and opens it. */
export async function makeGroup(p: Person, title: string, ...people: string[]): Promise<string> {
  await p.page.getByRole("button", { name: "New chat" }).first().click();
  await p.page.getByRole("button", { name: "New group" }).click();
  await p.page.getByLabel("Title", { exact: true }).fill(title);
  for (const name of people) {
    await p.page.getByRole("searchbox").fill(name);
    await p.page.locator(".picker button.mem", { hasText: new RegExp(name, "i") }).first().click();
  }
  await p.page.getByRole("button", { name: "Create group" }).click();
  await p.page.getByRole("heading", { name: title }).first().waitFor();
  return decodeURIComponent(new URL(p.page.url()).hash.split("/")[2] ?? "");
}

/** Nothing went wrong on the page, and it can be used by everybody. */
export async function sound(p: Person): Promise<void> {
  // What fades in has no contrast yet.
  await p.page.evaluate(() => Promise.allSettled(document.getAnimations().filter((a) => a.effect?.getComputedTiming().endTime !== Infinity).map((a) => a.finished)));
  expect(await p.violations()).toEqual([]);
  expect(p.faults).toEqual([]);
  expect([...p.hosts]).toEqual([new URL(p.page.url()).host]);
}

/** A client without a page, that nobody knows yet. */
export function stranger(on: Switch): Client {
  return createClient({ url: clientUrl(on.url), userAgent: "robot", socket: (url) => new NodeSocket(url) as unknown as SocketLike });
}

/** A client without a page, signed in. */
export async function robot(on: Switch, who: Login): Promise<Client> {
  const c = stranger(on);
  await c.signIn({ name: who.name, password: who.password });
  await until(() => c.messages.store.state !== "opening" && c.signal.registration.state === "open");
  return c;
}

/** Writes `count` messages, `most` on the way at a time. */
export async function flood(c: Client, chat: string, count: number, text: (i: number) => string, most = 50): Promise<void> {
  let next = 0;
  const lane = async () => {
    for (let i = next++; i < count; i = next++) await c.signal.send({ chat, data: text(i) });
  };
  await Promise.all(Array.from({ length: most }, lane));
}

export async function until(f: () => unknown, limit = 20_000): Promise<void> {
  for (const end = Date.now() + limit; !(await f()); await new Promise((r) => setTimeout(r, 20))) {
    if (Date.now() > end) throw new Error(`it did not happen: ${f.toString()}`);
  }
}
