// @vitest-environment jsdom
import { describe, expect, it } from "vitest";
import { cost } from "../cost.testing.ts";
import { escapeText, maxPaste, pastedHtml, plainHtml, wireSize } from "./serialize.ts";

function editor(html: string, mentions = true) {
  const el = document.createElement("div");
  el.innerHTML = html;
  return plainHtml(el, { mentions });
}

describe("plainHtml of the editor", () => {
  const cases: [string, string, string][] = [
    ["nothing", "", ""],
    ["an empty editor of Chrome", "<br>", ""],
    ["an empty editor of Firefox", "<div><br></div>", ""],
    ["text", "a &lt; b &amp; c", "a &lt; b &amp; c"],
    ["lines as Chrome makes them", "a<div>b</div><div>c</div>", "a<br>b<br>c"],
    ["an empty line", "<div>a</div><div><br></div><div>b</div>", "a<br><br>b"],
    ["a filler at the end of a line", "<div>a<br></div><div>b</div>", "a<br>b"],
    ["lines of Shift Enter", "a<br>b<br><br>", "a<br>b"],
    ["line ends in the text", "a\nb", "a<br>b"],
    ["formats", "<b>a</b><i>b</i><strike>c</strike><u>d</u><code>e</code>", "<b>a</b><i>b</i><s>c</s><u>d</u><code>e</code>"],
    ["synonyms once", "<strong><b>a</b></strong><em>b</em>", "<b>a</b><i>b</i>"],
    ["empty formats vanish", "a<b></b><i><b></b></i>c", "ac"],
    ["a format over lines", "<b>a<div>c</div></b>", "<b>a<br>c</b>"],
    ["lists", "x<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>y", "x<ul><li>a</li><li>b<ol><li>c</li></ol></li></ul>y"],
    ["no line end before a block", "<div>x</div><ul><li>a</li></ul><div>y</div>", "x<ul><li>a</li></ul>y"],
    ["quotes and code", "<blockquote>a<br>b</blockquote><pre>c\n  d</pre>", "<blockquote>a<br>b</blockquote><pre>c\n  d</pre>"],
    ["runs of spaces", "a   b", "a\u00a0\u00a0 b"],
    ["spaces of the browser", "a\u00a0b", "a b"],
    ["attributes", '<b class="x" onclick="y" style="color:red">a</b>', "<b>a</b>"],
    ["zero width", "a\u200bb\ufeff", "ab"],
  ];
  it.each(cases)("%s", (_, from, to) => expect(editor(from).html).toBe(to));

  it("collects whom it names", () => {
    const p = editor('hi <span class="mention" data-sip="__proto__">@P</span> and <span data-sip="bob">@Bob</span>');
    expect(p).toEqual({ html: "hi @P and @Bob", mentions: ["__proto__", "bob"] });
  });

  it("gives itself when read again", () => {
    for (const [, from] of cases) {
      const once = editor(from).html;
      expect(editor(once).html).toBe(once);
    }
  });
});

describe("hostile pastes", () => {
  const allowed = /^(?:[^<>]|<\/?(?:b|i|s|u|code|sub|sup|ul|ol|li|blockquote|pre|table|thead|tbody|tr|th|td|br|hr)>)*$/;
  const cases: [string, string, string][] = [
    ["a script", "a<script>alert(1)</script>b", "ab"],
    ["a script in a style", "<style><script>x</script></style>b", "b"],
    ["handlers", '<img src=x onerror=alert(1)>a<b onmouseover="x">c</b>', "a<b>c</b>"],
    ["a link of script", '<a href="javascript:alert(1)">x</a>', "x"],
    ["a link of data", '<a href="data:text/html,x">x</a>', "x"],
    ["a link", '<a href="https://a.example/b">see</a>', "see (https://a.example/b)"],
    ["a link that says where it leads", '<a href="https://a.example/">https://a.example/</a>', "https://a.example/"],
    ["svg", "<svg><a xlink:href='javascript:x'><text>t</text></a><script>x</script></svg>a", "a"],
    ["math", "<math><mtext><table><mglyph><style><img src=x onerror=x></style></mglyph></table></mtext></math>a", "a"],
    ["a frame", "<iframe srcdoc='<script>x</script>'></iframe>a", "a"],
    ["escaped markup stays text", "&lt;script&gt;x&lt;/script&gt;", "&lt;script&gt;x&lt;/script&gt;"],
    ["a broken tag", "<b<script>x</script>", "x"],
    ["a word processor", '<meta charset="utf-8"><b style="font-weight:normal"><p><span style="font-weight:700">T</span></p><p>x</p></b>', "<b>T</b><br>x"],
    ["styles in words", '<p>a <span style="FONT-WEIGHT: 600; font-style:italic">b</span> <span style="text-decoration: underline line-through">c</span> style="x"</p>', 'a <b><i>b</i></b> <s>c</s> style="x"'],
    ["text about markup", '&lt;p style="x"&gt; style=1', '&lt;p style="x"&gt; style=1'],
    ["headings", "<h1>A</h1>\n<p>b</p>", "<b>A</b><br>b"],
    ["a table", "<table><tbody><tr><td style='x'>a</td><td>b</td></tr></tbody></table>", "<table><tbody><tr><td>a</td><td>b</td></tr></tbody></table>"],
    ["a false mention", '<span class="mention" data-sip="boss">@Boss</span>', "@Boss"],
    ["an emoji as a picture", '<img alt="😀" src="https://x.example/e.png">', "😀"],
    ["clobbering", '<form><input name="childNodes"><input name="nodeName"><input name="textContent"><b>a</b></form>', "<b>a</b>"],
    ["white space of the source", "<p>a\n   b</p>\n\n<p>c</p>", "a b<br>c"],
    ["control characters", "a\u0001\u0008b", "ab"],
  ];
  it.each(cases)("%s", (_, from, to) => {
    const html = pastedHtml(from);
    expect(html).toBe(to);
    expect(html).toMatch(allowed);
  });

  it("nests deep and still ends", () => {
    const html = pastedHtml("<div><b>".repeat(200) + "deep");
    expect(html).toContain("deep");
    expect(html.length).toBeLessThan(200);
  });

  it("takes time linear in nothing but beginnings of tags", () => {
    expect(cost(() => pastedHtml('<a style="'.repeat(2000)))).toBeLessThan(4000);
  });

  it("ends at its limit", () => {
    expect(pastedHtml("<p>word</p>".repeat(100_000)).length).toBeLessThanOrEqual(maxPaste + 100);
    expect(pastedHtml("x".repeat(4 * maxPaste + 1))).toBe("");
  });
});

describe("sizes and texts", () => {
  it("measures as the wire does", () => {
    expect(wireSize("")).toBe(2);
    expect(wireSize('ü"')).toBe(6);
  });
  it("keeps pasted text as text", () => expect(escapeText("a<b>\r\nc")).toBe("a&lt;b&gt;<br>c"));

  it("reads 50 kB of formatted text well within the time between two keys", () => {
    const el = document.createElement("div");
    el.innerHTML = "<div>Some <b>bold</b> and <i>other</i> words of a text.</div>".repeat(1000);
    let p = { html: "", mentions: [] as readonly string[] };
    expect(cost(() => (p = plainHtml(el, { mentions: true })))).toBeLessThan(2000); // jsdom is slow; a browser takes 3 ms
    expect(p.html.length).toBeGreaterThan(45_000);
  });
});
