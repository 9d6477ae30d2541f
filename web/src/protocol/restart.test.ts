// Real switches that are killed, and one that stores nothing:
//   go build -o bin/pbx ./cmd/pbx
//   TANDEM_PBX_PROGRAM=$PWD/bin/pbx npx vitest run src/protocol/restart.test.ts
import { describe, expect, it } from "vitest";
import { isProtocolError, newId, type Receipt, type Text } from "./index.ts";
import { Program, sleep, until } from "./testkit/program.ts";

const path = process.env["TANDEM_PBX_PROGRAM"];

describe.skipIf(!path)("a switch", () => {
  it("that is killed again and again loses nothing, and nothing comes twice", { timeout: 120_000 }, async () => {
    const pbx = new Program(path ?? "");
    await pbx.start();
    const [a, b] = [pbx.client(), pbx.client()];
    const told: string[] = [];
    b.sync.start({ changes: (changes) => void told.push(...changes.flatMap((c) => (c.kind === "message" ? [c.message.cid ?? ""] : []))), reset: () => undefined });
    const live: string[] = [];
    b.on("text", (t) => live.push(t.id));
    await Promise.all([pbx.signIn(a, "alice"), pbx.signIn(b, "bob")]);
    await until(() => b.sync.current);
    const sent: string[] = [];
    let over = false;
    const writing = (async (): Promise<void> => {
      for (let id = newId(); !over; id = newId()) {
        // The same id until it is answered: as an outbox does.
        while (!(await a.signal.send({ chat: "bob", id, data: "x" }).then(() => true, () => sleep(50)))) continue;
        sent.push(id);
        await sleep(5);
      }
    })();
    const uploads = [];
    for (let i = 0; i < 4; i++) {
      uploads.push(a.files.upload(new Blob([new Uint8Array(40_000_000).fill(i)]), "big.bin"));
      await sleep(50 + i * 70);
      await pbx.kill();
      await sleep(300);
      await pbx.start();
      await until(() => a.line.state === "up" && b.line.state === "up", 40_000);
      await sleep(500);
    }
    over = true;
    await writing;
    for (const u of uploads) expect((await b.files.download(await u.done)).size).toBe(40_000_000);
    await until(() => told.length >= sent.length, 40_000);
    expect(told).toEqual(sent);
    expect(new Set(live).size).toBe(live.length);
    expect([...a.faults, ...b.faults]).toEqual([]);
    a.stop();
    b.stop();
    await pbx.end();
  });

  it("that stores nothing says so, and chats all the same", { timeout: 60_000 }, async () => {
    const pbx = new Program(path ?? "", ["--messages", "off"]);
    await pbx.start();
    const [a, b] = [pbx.client(), pbx.client()];
    const texts: Text[] = [];
    const receipts: Receipt[] = [];
    b.on("text", (t) => texts.push(t));
    a.on("receipt", (r) => receipts.push(r));
    await Promise.all([pbx.signIn(a, "alice"), pbx.signIn(b, "bob")]);
    await until(() => a.messages.store.state === "off" && b.signal.registration.state === "open");
    expect(a.messages.store).toEqual({ state: "off", why: "no stored chats" });
    const s = await a.signal.send({ chat: "bob", data: "volatile" });
    expect(s.mid).toBeUndefined();
    await until(() => texts.length === 1 && receipts.some((r) => r.state === "delivered" && r.id === s.id));
    b.signal.read("alice", { id: s.id });
    await until(() => receipts.some((r) => r.state === "read" && r.sip === "bob"));
    const away = await a.signal.send({ chat: "carol", data: "x" }).catch((e: unknown) => e);
    expect(isProtocolError(away) && away.number).toBe(20);
    const chats = await a.messages.readChats().catch((e: unknown) => e);
    expect(isProtocolError(chats) && chats.code).toBe("no-session");
    a.stop();
    b.stop();
    await pbx.end();
  });
});
