// @vitest-environment jsdom
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { allowed, clean, escape, fill, hrefOf, linkParts, plain } from "./html.ts";

const shown = (html: string, more = {}) => {
  const el = document.createElement("div");
  fill(el, html, more);
  return el;
};

test("the list of elements is the switch's", () => {
  const go = readFileSync(join(import.meta.dirname, "../../../sanitize/html.go"), "utf8");
  const list = /var allowed = \[\]string\{([^}]*)\}/.exec(go)?.[1] ?? "";
  const names = [...list.matchAll(/"([a-z0-9]+)"/g)].map((m) => m[1]);
  expect(names.length).toBeGreaterThan(30);
  expect([...allowed].sort()).toEqual(names.sort());
});

describe("what is hostile does not pass", () => {
  const hostile = [
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "<svg onload=alert(1)><path/></svg>", "<a href='javascript:alert(1)'>x</a>",
    "<b onclick=alert(1) style='position:fixed' class=bar id=app data-x=1 aria-label=y>b</b>", "<iframe srcdoc='<script>1</script>'></iframe>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'>", "<noscript><p title='</noscript><img src=x onerror=alert(1)>'>",
    "<form action=//evil><input name=x><button>go</button></form>", "<template><script>1</script></template>", "<base href=//evil>", "<style>*{display:none}</style>",
  ];
  for (const html of hostile)
    test(html, () => {
      const el = shown(html);
      for (const x of el.querySelectorAll("*")) {
        expect(allowed as readonly string[]).toContain(x.localName);
        expect([...x.attributes].map((a) => a.name).filter((a) => !["href", "target", "rel", "class"].includes(a))).toEqual([]);
        expect(x.getAttribute("href") ?? "https:").toMatch(/^(https?|mailto):/);
      }
      expect(clean(clean(html))).toBe(clean(html));
      expect(clean(html)).not.toMatch(/ \w+=/);
    });
});

test("links are made of text, elsewhere and without a trace", () => {
  const a = shown("see https://a.example/x?y=1&amp;z=2.").querySelector("a");
  expect(a?.getAttribute("href")).toBe("https://a.example/x?y=1&z=2");
  expect(a?.target).toBe("_blank");
  expect(a?.rel).toBe("noopener noreferrer");
  expect(shown("<code>https://a.example</code>").querySelector("a")).toBeNull();
  expect(shown("<a>word</a>").innerHTML).toBe("word");
});

test.each([
  ["https://x.example/a(b)", ["https://x.example/a(b)"]],
  ["(https://x.example/a)", ["https://x.example/a"]],
  ["www.x.example, and http://y.example!", ["www.x.example", "http://y.example"]],
  ["mail noura@nordklinik.example.", ["noura@nordklinik.example"]],
  ["javascript:alert(1) data:text/html,x file:///etc ftp://x.example", []],
  ["no link 1.2.3 a.b", []],
  ["«https://x.example/ü»", ["https://x.example/ü"]],
])("addresses in %s", (text, want) => {
  const parts = linkParts(text);
  expect(parts.filter((p) => typeof p !== "string").map((p) => (p as { text: string }).text)).toEqual(want);
  expect(parts.map((p) => (typeof p === "string" ? p : p.text)).join("")).toBe(text);
});

test("only three schemes lead out", () => {
  for (const bad of ["javascript:alert(1)", "data:text/html,x", "vbscript:x", "file:///x", "blob:x", "https://"]) expect(hrefOf(bad)).toBeUndefined();
  expect(hrefOf("mailto:a@b.example")).toBe("mailto:a@b.example");
});

test.each([
  "https://bank.example@evil.example/", "https://bank.example:443@evil.example", "https://user:secret@x.example/a", "www.bank.example@evil.example",
])("%s misleads and is no link", (text) => {
  expect(linkParts(text).filter((p) => typeof p !== "string" && /^https?:/.test(p.href))).toEqual([]);
});

test("what is not seen is no part of a link", () => {
  for (const sign of ["\u202e", "\u2066", "\u200b", "\u00ad", "\u200f", "\ufeff"]) {
    const a = shown(`https://x.example/a${sign}gpj.exe`).querySelector("a");
    expect(a?.textContent).toBe("https://x.example/a");
  }
});

test("a host of foreign letters says what machines read", () => {
  const a = shown("https://b\u0430nk.example/").querySelector("a"); // a Cyrillic letter
  expect(a?.title).toMatch(/^https:\/\/xn--/);
  expect(shown("https://bank.example/xn--").querySelector("a")?.title).toBe("");
});

test("a long line of signs takes no long time", () => {
  const start = performance.now();
  linkParts("a@".repeat(20_000));
  linkParts(`https://x.example/${"(".repeat(20_000)}`);
  expect(performance.now() - start).toBeLessThan(2_000);
});

test("mentions and marks", () => {
  const el = shown("hello @Yusuf Çelik and @__proto__", { mentions: [{ name: "Yusuf Çelik", own: true }, { name: "__proto__" }] });
  expect([...el.querySelectorAll(".mention")].map((m) => m.textContent)).toEqual(["@Yusuf Çelik", "@__proto__"]);
  expect(el.querySelector(".own")?.textContent).toBe("@Yusuf Çelik");
  expect([...shown("one ONE", { marks: ["one"] }).querySelectorAll("mark")].map((m) => m.textContent)).toEqual(["one", "ONE"]);
});

test.each([
  ["hi @Anna", ["Ann"], []],
  ["hi @Ann, and @ANN's", ["Ann"], ["@Ann", "@ANN"]],
  ["@Ann_2 @Annä @Ann\u0301 @Ann2 sue@ann.example", ["Ann"], []],
  ["@Ann Lee @Ann", ["Ann", "Ann Lee"], ["@Ann Lee", "@Ann"]],
  ["@a.b @axb @(x @[y]+", ["a.b", "(x", "[y]+", "\\", "a|b"], ["@a.b", "@(x", "@[y]+"]],
  ["\u0130\u0130\u0130 @Y\u0131lmaz \u0130n @\u0130nci", ["Y\u0131lmaz", "\u0130nci"], ["@Y\u0131lmaz", "@\u0130nci"]],
])("mentions in %s of %j", (text, names, want) => {
  const el = shown(text, { mentions: names.map((name) => ({ name })) });
  expect([...el.querySelectorAll(".mention")].map((m) => m.textContent)).toEqual(want);
  expect(el.textContent).toBe(text);
});

test("marks stand where the word is, also behind letters that grow in lower case", () => {
  const marked = (text: string, ...marks: string[]) => [...shown(text, { marks }).querySelectorAll("mark")].map((m) => m.textContent);
  expect(marked("\u0130\u0130\u0130\u0130 plan", "plan")).toEqual(["plan"]);
  expect(marked("\u0130stanbul ISTANBUL", "istanbul")).toEqual(["\u0130stanbul", "ISTANBUL"]);
  expect(marked("a+b [c] {{d}}", "a+b", "[c]", "{{")).toEqual(["a+b", "[c]", "{{"]);
});

test("a sender that names many and writes much takes no long time", () => {
  const names = Array.from({ length: 64 }, (_, i) => ({ name: `nobody ${i}` }));
  const start = performance.now();
  shown("@bob @".repeat(10_000), { mentions: [...names, { name: "bob" }], marks: names.map((n) => n.name) });
  expect(performance.now() - start).toBeLessThan(2_000);
});

test("plain text and back", () => {
  expect(plain("<p>a</p><p>b<br>c</p><ul><li>d</li></ul>")).toBe("a b c d");
  expect(plain(escape("<b>1 & 2</b>"))).toBe("<b>1 & 2</b>");
  expect(plain("a<script>b</script><style>c</style><img src=x onerror=alert(1)>d")).toBe("ad");
  expect(plain("  x\n y ")).toBe("x y");
});
