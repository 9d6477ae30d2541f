import { expect, test } from "vitest";
import { describe as what, parseLine, type Line } from "./feed.ts";
import { parseFilter } from "./filter.ts";
import { diagram } from "./sequence.ts";

const frame = '{"api":"PbxSignal","mt":"Signaling","src":"phone","call":-1,"sig":{"type":"facility","fty":[{"type":"im_message","chat":"bob"}]}}';

function line(over: Partial<Line> = {}): Line {
  return {
    seq: 1, time: 0, flags: ["PBX"], out: false, conn: "c2", object: "alice", domain: "example.com", call: "k1", leg: "phone/-1",
    dropped: "", text: frame, ...what(frame), ...over,
  };
}

test("a line of the switch is read", () => {
  const got = parseLine(JSON.stringify({ time: "2026-11-21T13:02:10.296419Z", seq: 8, flags: ["PBX"], dir: "in", conn: "c2", object: "alice", domain: "example.com", call: "k1", reg: "phone", number: -1, frame: JSON.parse(frame) }));
  expect(got).toMatchObject({ seq: 8, out: false, conn: "c2", object: "alice", call: "k1", leg: "phone/-1", api: "PbxSignal", type: "im_message", about: "call -1  im_message" });
});

test("what is no line of the switch is left out", () => {
  for (const bad of ["", "null", "7", "{}", '{"time":5}', "{"]) expect(parseLine(bad)).toBeUndefined();
});

test("frames are described in the protocol's own words", () => {
  expect(what('{"mt":"Login","type":"user","userAgent":"x","info":{"a":1}}')).toEqual({ api: "", type: "Login", about: "type user  userAgent x" });
  expect(what('{"api":"PbxSignal","mt":"Signaling","call":3,"sig":{"type":"rel","cau":{"num":16}}}')).toEqual({ api: "PbxSignal", type: "rel", about: "call 3  cause 16" });
  expect(what("{cut")).toEqual({ api: "", type: "", about: "{cut" });
  expect(what('{"sig":{"type":"facility","fty":[null,7]}}').type).toBe("facility");
});

test("a filter chooses lines", () => {
  const l = line();
  for (const yes of ["", "call:k1", "peer:alice", "im_message", "call:k9 or peer:alice", "-call:k9", "user:alice api:pbxsignal", "chat", "flag:pbx"]) {
    expect(parseFilter(yes)(l), yes).toBe(true);
  }
  for (const no of ["call:k", "call:k12", "user:ali", "peer:bob", "-call:k1", "call:k1 peer:bob", "nothing", "__proto__:x"]) {
    expect(parseFilter(no)(l), no).toBe(false);
  }
});

test("a call becomes a diagram", () => {
  const d = diagram(
    [
      line({ seq: 1, time: 1000, type: "setup" }),
      line({ seq: 2, time: 1001, type: "call_proc", out: true }),
      line({ seq: 3, time: 1003, type: "setup", out: true, conn: "c1", object: "bob" }),
      line({ seq: 4, time: 1009, type: "x", call: "k2" }),
      line({ seq: 5, time: 1040, type: "conn", conn: "c1", object: "bob" }),
    ],
    "k1",
    "Switch",
  );
  expect(d.columns.map((c) => c.name)).toEqual(["alice", "Switch", "bob"]);
  expect(d.steps.map((s) => [s.type, s.from, s.to, s.after])).toEqual([["setup", 0, 1, 0], ["call_proc", 1, 0, 1], ["setup", 1, 2, 3], ["conn", 2, 1, 40]]);
});

test("a call with a crowd shows the first of them", () => {
  const lines = Array.from({ length: 500 }, (_, i) => line({ seq: i, conn: `c${i % 50}` }));
  const d = diagram(lines, "k1", "Switch");
  expect([d.columns.length, d.columnsMore]).toEqual([6, 45]);
  expect(diagram([], "k1", "Switch").steps).toEqual([]);
});
