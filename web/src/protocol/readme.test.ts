// Runs the example of README.md as it stands.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { FakeSwitch, inbox } from "./testkit/fakeswitch.ts";

it("the example of README.md does what it says", async () => {
  const readme = readFileSync(new URL("README.md", import.meta.url), "utf8");
  const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
  const needs = "export async function example({ connect, print, keep, store, kept }: Record<string, any>): Promise<void> {\n";
  const [imports = "", ...body] = example.split("\n");
  const dir = mkdtempSync(join(tmpdir(), "readme-"));
  const file = `${dir}/example.ts`;
  writeFileSync(file, [imports.replace('"./', `"${fileURLToPath(new URL(".", import.meta.url))}`), needs, ...body, "}"].join("\n"));
  try {
    const sw = new FakeSwitch();
    sw.on("Signaling", (s, f) => {
      const [text] = (f["sig"] as { fty?: Record<string, unknown>[] }).fty ?? [];
      const say = (facility: object): void => s.say({ ...f, call: inbox, sig: { type: "facility", fty: [facility] } });
      if (text?.["type"] !== "im_message") return;
      say({ type: "im_receipt", chat: "bob", id: text["id"], mid: 1, state: "sent", timestamp: 1 });
      say({ type: "im_message", chat: "bob", sender: "bob", sender_dn: "Bob", data: "Hi", id: "b1" });
    });
    sw.on("ReadChats", (s, f) => {
      s.say({ api: f.api, mt: "ReadChatsInd", src: f.src, sip: "bob", dn: "Bob", timestamp: 1 });
      s.say({ api: f.api, mt: "ReadChatsResult", src: f.src });
    });
    const printed: string[] = [];
    const kept: unknown[] = [];
    const tokens: unknown[] = [];
    const { example: run } = (await import(/* @vite-ignore */ file)) as { example: (x: object) => Promise<void> };
    await run({
      connect: sw.connect, print: (line: string) => printed.push(line.replace(/[0-9a-f]{32}/, "ID")), keep: (c: unknown) => kept.push(c),
      store: (_: unknown, token: unknown) => tokens.push(token), kept: undefined,
    });
    expect(printed).toEqual([
      "the line is connecting", "the line is up", "I am Alice", "ID is sent", "Bob: Hi", "ID is stored, or at a device of Bob's", "1 chats", "the line is down",
    ]);
    expect(kept).toMatchObject([{ sip: "alice" }, undefined]);
    expect(tokens.length).toBeGreaterThan(0); // of reset: nothing was kept
  } finally {
    rmSync(dir, { recursive: true });
  }
});
