// @vitest-environment jsdom
import { beforeEach, describe, expect, it } from "vitest";
import { cost } from "../cost.testing.ts";
import { formatsAt, isEmpty, queryAt } from "./editor.ts";

let el: HTMLElement;
beforeEach(() => {
  document.body.replaceChildren((el = document.createElement("div")));
});

function caret(node: Node, offset: number): void {
  getSelection()?.setBaseAndExtent(node, offset, node, offset);
}

describe("isEmpty", () => {
  it.each([["", true], ["<br>", true], ["<div><br></div>", true], ["<div></div>", true], ["a", false], ["<div>a</div>", false], ["<br><br>", false], ["<ul><li></li></ul>", false]])("%s", (html, is) => {
    el.innerHTML = html;
    expect(isEmpty(el)).toBe(is);
  });
});

describe("queryAt", () => {
  it.each([["@", ""], ["hi @yu", "yu"], ["(@Öz", "Öz"], ["@Yusuf Ç", "Yusuf Ç"], ["mail@yu", undefined], ["@a b c", undefined], ["hi", undefined], ["@yu ", "yu "]] as const)("%s", (text, query) => {
    el.textContent = text;
    caret(el.firstChild as Text, text.length);
    expect(queryAt()?.query).toBe(query);
  });
  it("covers the sign and the letters", () => {
    el.textContent = "hi @yu";
    caret(el.firstChild as Text, 6);
    expect(queryAt()?.range.toString()).toBe("@yu");
  });
});

it("formatsAt", () => {
  el.innerHTML = "<blockquote><b><i>x</i></b></blockquote>";
  caret(el.querySelector("i")?.firstChild as Text, 1);
  expect([...formatsAt(el)].sort()).toEqual(["bold", "italic", "quote"]);
});

describe("typing never waits", () => {
  /** What each key does: Composer.onInput and the keys that follow the caret. */
  const perKey = () => {
    for (let i = 0; i < 2000; i++) {
      isEmpty(el);
      queryAt();
      formatsAt(el);
    }
  };
  it("does the same work in 50 kB of text as in 50 bytes", () => {
    const run = (text: string) => {
      el.textContent = text;
      caret(el.firstChild as Text, text.length);
      perKey();
      return cost(perKey);
    };
    const small = run("x".repeat(50));
    const large = run("x".repeat(50_000));
    expect(large).toBeLessThan(small * 4 + 100); // the same here; linear work would be a thousandfold
  });
  it("also in a thousand lines", () => {
    el.innerHTML = "<div>Some <b>bold</b> words of a text, fifty long.</div>".repeat(1000);
    caret(el.lastChild?.lastChild as Text, 3);
    expect(cost(perKey)).toBeLessThan(2000);
  });
});
