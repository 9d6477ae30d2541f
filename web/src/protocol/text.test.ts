import { describe, expect, it } from "vitest";
import { mask } from "./mask.ts";
import { clientUrl, groupId, isGroup, newId, thumbUrl } from "./names.ts";
import { jsonSize, split } from "./split.ts";
import { decodeText, encodeText } from "./wiretext.ts";

const size = (s: string): number => new TextEncoder().encode(JSON.stringify(s)).length;

describe("splitting", () => {
  it.each(["", "abc", "äöü", "\u0001\n\"\\", "😀👨‍👩‍👧", "\ud800", "<b>&amp;</b>"])("counts the bytes of %j as JSON does", (s) => {
    expect(jsonSize(s)).toBe(size(s));
  });

  it.each([
    ["<p>hello &amp; <b>you</b></p>".repeat(50), 100, 60],
    ["😀".repeat(500), 64, 64],
    ["x".repeat(1000), 100, 1],
    ["&notanentity ".repeat(40), 50, 50],
    ['"\n'.repeat(300), 77, 30],
    ["", 100, 100],
    ["short", 100, 100],
    ["exactly", 7, 7],
  ])("%#: parts fit, are whole, and cut nothing in two", (s, part, last) => {
    const parts = split(s, part, last);
    expect(parts.join("")).toBe(s);
    parts.forEach((p, i) => {
      expect(size(p) - 2).toBeLessThanOrEqual(i < parts.length - 1 ? part : last);
      expect(p).not.toMatch(/^[\udc00-\udfff]|[\ud800-\udbff]$/);
      if (s.startsWith("<p>")) expect(p).not.toMatch(/<[^>]*$|&[a-z]*$/);
    });
  });

  it("cuts a tag that fits nowhere", () => {
    expect(split("<" + "x".repeat(300) + ">", 100, 100).join("")).toHaveLength(302);
  });
});

describe("texts", () => {
  const frame = (f: object): object => ({ api: "PbxSignal", mt: "Signaling", src: "s", call: -1, sig: { type: "facility", fty: [f] } });
  const bytes = (f: object): number => new TextEncoder().encode(JSON.stringify(frame(f))).length;

  it("go whole where they fit, and every frame stays below 15 KiB", () => {
    const attach = Array.from({ length: 16 }, (_, i) => `https://ap.example.com/files/${i}/ö.txt?s=1&k=${"f".repeat(200)}`);
    const parts = encodeText({ chat: "bob", data: "<i>ä</i>".repeat(5_000), attach, subject: "s", ext: { reply: 7 } }, "id1", frame);
    expect(parts.length).toBeGreaterThan(3);
    for (const p of parts) expect(bytes(p)).toBeLessThanOrEqual(15 << 10);
    const all = parts as Record<string, unknown>[];
    expect(all.slice(0, -1).every((p) => p["more"] === true && p["attach"] === undefined)).toBe(true);
    expect(all.at(-1)).toMatchObject({ id: "id1", subject: "s", reply: 7 });
    expect(all.at(-1)?.["more"]).toBeUndefined();
    const back = decodeText({ ...all.at(-1), sender: "alice" }, all.map((p) => p["data"]).join(""), "bob", "ALICE");
    expect(back).toMatchObject({ attach, ext: { reply: 7 }, own: true });
  });

  it("of people's own members never take the place of the known ones", () => {
    const [f] = encodeText({ chat: "bob", data: "x", ext: { data: "forged", sender: "mallory", more: true, kind: "command", ["__proto__"]: 1 } }, "id", frame);
    expect(JSON.stringify(f)).toBe('{"type":"im_message","chat":"bob","id":"id","mime":"text/html","data":"x","kind":"command","__proto__":1}');
    expect(Object.getPrototypeOf(f)).toBe(Object.prototype);
  });

  it.each([
    [{ data: "x".repeat(50_000) }],
    [{ data: "x".repeat(13_000), mime: "application/json" }],
    [{ data: "x", attach: Array<string>(17).fill("https://x/y") }],
    [{ data: "x", attach: ["https://x/" + "y".repeat(9_000)] }],
    [{ data: "x", ext: { long: "y".repeat(5_000) } }],
  ])("that are too long are refused here: %#", (t) => {
    expect(() => encodeText({ chat: "bob", ...t }, "id", frame)).toThrow(/at most|too much/);
  });
});

describe("masks", () => {
  it("hide what is secret and show the rest", () => {
    const shown = mask(JSON.stringify({
      mt: "LoginResult", info: { user: { sip: "alice" }, session: { usr: "aa", pwd: "bb" } }, digest: "cc", response: "dd", turnPwd: "ee", ok: true,
      sig: { fty: [{ type: "im_message", data: "hello", attach: "https%3A%2F%2Fx%2Fy%3Ft%3D0f3c https%3A%2F%2Fz" }] }, url: "https://x/y?s=1&k=2",
    }));
    expect(JSON.parse(shown)).toEqual({
      mt: "LoginResult", info: { user: { sip: "alice" }, session: { usr: "***", pwd: "***" } }, digest: "***", response: "***", turnPwd: "***", ok: true,
      sig: { fty: [{ type: "im_message", data: "hello", attach: "https%3A%2F%2Fx%2Fy%3F*** https%3A%2F%2Fz" }] }, url: "https://x/y?***",
    });
  });

  it("show nothing of what cannot be read, and cut what is long", () => {
    expect(mask('{"pwd":"secret')).toBe("(no JSON, 14 characters)");
    expect(mask(JSON.stringify({ mt: "x".repeat(20_000) }))).toMatch(/ \(cut, of 20009 characters\)$/);
  });
});

describe("names", () => {
  it("of chats and addresses", () => {
    expect([groupId("messages?g12"), groupId("messages?g0"), groupId("bob"), isGroup("x?g1"), isGroup("?g")]).toEqual([12, undefined, undefined, true, false]);
    expect(clientUrl("https://pbx.example.com:8443/x#/chat/bob")).toBe("wss://pbx.example.com:8443/PBX0/APPCLIENT/websocket");
    expect(clientUrl("http://127.0.0.1:8080/")).toBe("ws://127.0.0.1:8080/PBX0/APPCLIENT/websocket");
    expect([thumbUrl("https://x/y"), thumbUrl("https://x/y?k=1")]).toEqual(["https://x/y?v=thumb", "https://x/y?k=1&v=thumb"]);
    expect(newId()).toMatch(/^[0-9a-f]{32}$/);
    expect(newId()).not.toBe(newId());
  });
});
