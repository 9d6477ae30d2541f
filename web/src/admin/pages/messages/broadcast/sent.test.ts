import { expect, test } from "vitest";
import { html, meant, names, newKey, remember, sent, type Sent } from "./sent.ts";

test("names are each once, however they are written", () => {
  expect(names(" alice, bob;carol\n alice\t__proto__ ")).toEqual(["alice", "bob", "carol", "__proto__"]);
  expect(names(" \n ")).toEqual([]);
});

test("exactly one way is said", () => {
  expect(meant({ way: "everybody", text: "x" })).toEqual({ everybody: true });
  expect(meant({ way: "template", text: " sales " })).toEqual({ template: "sales" });
  expect(meant({ way: "group", text: "team" })).toEqual({ group: "team" });
  expect(meant({ way: "names", text: "a b" })).toEqual({ to: ["a", "b"] });
});

test("lines stay lines", () => expect(html(" a\r\nb\nc \n")).toBe("a<br>b<br>c"));

test("keys differ and are short enough", () => {
  expect(newKey()).not.toBe(newKey());
  expect(newKey().length).toBeLessThanOrEqual(64);
});

test("what is sent again stands once", () => {
  const one = (id: number, read: number): Sent => ({
    domain: "one.example", at: 1, receivers: { way: "everybody", text: "" }, text: "x",
    state: { id, sender: "alice", unknown: [], counts: { total: 1, sent: 1, delivered: 0, read, failed: 0, unknown: 0 } },
  });
  sent.value = [];
  remember(one(1, 0));
  remember(one(2, 0));
  remember(one(1, 1));
  expect(sent.value.map((s) => [s.state.id, s.state.counts.read])).toEqual([[1, 1], [2, 0]]);
});
