// @vitest-environment jsdom
import { beforeAll, describe, expect, test } from "vitest";
import { clientAreas } from "../../i18n/client.ts";
import { setUpTexts } from "../../i18n/index.ts";
import { hue, initials } from "../../ui/face.ts";
import { plain } from "../../ui/plain.ts";
import type { Chat } from "../model/types.ts";
import { deviceName, isPhone } from "../../ui/device.ts";
import { explain } from "./errors.ts";
import { marksOf, matchesQuery } from "./match.ts";
import { firstName, previewOf } from "./preview.ts";

beforeAll(() => setUpTexts(clientAreas));

describe("finding", () => {
  test.each([
    ["Yusuf Çelik", "cel", [[6, 9]]],
    ["Marcel Dubois", "cel", [[3, 6]]],
    ["İlker Iğdır", "ilker", [[0, 5]]],
    ["Iğdır", "igdir", [[0, 5]]],
    ["Jörg Weißmüller", "mull jorg", [[0, 4], [9, 13]]],
    ["نورا الحدّاد", "الحداد", [[5, 12]]],
    ["👩‍👧 Ünal", "unal", [[6, 10]]],
    ["__proto__", "proto", [[2, 7]]],
    ["abc", "x", []],
    ["abc", "", []],
  ])("%s by %s", (text, query, marks) => {
    expect(marksOf(text, query)).toEqual(marks);
    if (marks.length > 0) expect(matchesQuery(text, query)).toBe(true);
  });
  test("every word must be there", () => expect(matchesQuery("Jörg Weißmüller", "jorg x")).toBe(false));
});

describe("faces", () => {
  test.each([
    ["Ayşegül Öztürk", false, "AÖ"], ["Dr. Matthias Krüger", false, "MK"], ["Cutover Hall 4", true, "C4"], ["Announcements", true, "A"],
    ["", false, "?"], ["__proto__", false, "P"], ["李小龍", false, "李小"], ["<b>x</b>", false, "<"], ["👩‍👧", false, "👩‍👧"],
  ])("%s", (name, group, want) => expect(initials(name, group)).toBe(want));
  test("a person keeps the hue", () => {
    expect(hue("joerg")).toBe(hue("joerg"));
    expect(new Set(Array.from({ length: 100 }, (_, i) => hue(`user${i}`)))).toEqual(new Set([1, 2, 3, 4, 5, 6]));
  });
});

describe("devices", () => {
  test.each([
    ["Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36", "Chrome 141, Linux", false],
    ["Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 Chrome/141.0 Safari/537.36 Edg/141.0", "Edge 141, Windows", false],
    ["Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 Version/18.0 Mobile/15E148 Safari/604.1", "Safari 18, iPhone", true],
    ["pbx phone", "pbx phone", false],
    ["Tandem, Chrome on Linux", "Tandem, Chrome on Linux", false],
    ["", "", false],
  ])("%s", (agent, name, phone) => expect([deviceName(agent), isPhone(agent)]).toEqual([name, phone]));
});

function chat(more: Partial<Chat>): Chat {
  return { name: "x", title: "X", volatile: false, unread: 0, mentions: 0, muted: false, pinned: false, typing: [], time: 1, ...more };
}
const group = { id: 1, title: "G", announce: false, count: 3, role: "member", mayWrite: true } as const;
const last = { sender: "Tom Ekström", own: false, text: "hello", time: 1 };

describe("the line of a row", () => {
  test.each([
    ["nothing", chat({}), { text: "" }],
    ["a person", chat({ last }), { text: "hello" }],
    ["a group", chat({ group, last }), { by: "Tom", text: "hello" }],
    ["own", chat({ last: { ...last, own: true } }), { by: "You", text: "hello" }],
    ["a draft", chat({ last, draft: "<p>so <b>far</b></p>" }), { kind: "draft", by: "Draft", text: "so far" }],
    ["an empty draft", chat({ last, draft: "<p><br></p>" }), { text: "hello" }],
    ["typing", chat({ group, last, draft: "x", typing: ["Ayşegül Öztürk"] }), { kind: "typing", text: "Ayşegül is typing…" }],
    ["two typing", chat({ group, typing: ["A B", "C D"] }), { kind: "typing", text: "A and C are typing…" }],
    ["many typing", chat({ group, typing: ["A", "B", "C"] }), { kind: "typing", text: "3 people are typing…" }],
    ["typing alone", chat({ typing: ["A B"] }), { kind: "typing", text: "typing…" }],
    ["a missed call", chat({ last: { ...last, text: "", what: "missed" } }), { kind: "missed", text: "Missed call" }],
    ["a voice message", chat({ last: { ...last, text: "0:18", what: "voice" } }), { text: "Voice message, 0:18" }],
    ["a file", chat({ last: { ...last, text: "a.pdf", what: "file" } }), { text: "a.pdf" }],
    ["a deleted message", chat({ last: { ...last, text: "", what: "deleted" } }), { text: "Message deleted" }],
  ])("%s", (_, of, want) => {
    expect(Object.fromEntries(Object.entries(previewOf(of, plain)).filter(([, v]) => v !== undefined))).toEqual(want);
  });
  test("first names pass titles over", () => expect([firstName("Dr. Matthias Krüger"), firstName("Tom")]).toEqual(["Matthias", "Tom"]));
});

test("an error says what did not happen, and why if that is known", () => {
  expect(explain("It was not sent.", new Error("A limit is reached."))).toBe("It was not sent. A limit is reached.");
  expect(explain("It was not sent.", undefined)).toBe("It was not sent.");
});
