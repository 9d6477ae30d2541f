// From an editable element, or from something pasted, to the plain HTML that the switch
// lets through (sanitize/html.go): known elements, no attributes, nothing else. The switch
// does the same again; doing it here shows people before sending what will arrive.

/** What the switch takes as one text: 48 KiB as JSON (docs/chat.md). */
export const maxText = 48 * 1024;
/** Deeper than this only the text survives; nobody writes so, only an attack nests so. */
const maxDepth = 64;
/** Characters of one paste. More than four messages full of text help nobody. */
export const maxPaste = 4 * maxText;

const dropped = new Set(["SCRIPT", "STYLE", "IFRAME", "OBJECT", "EMBED", "SVG", "MATH", "TEMPLATE", "NOSCRIPT", "HEAD", "TITLE", "META", "LINK", "AUDIO", "VIDEO", "CANVAS"]);
const inlines = new Map([
  ["B", "b"], ["STRONG", "b"], ["I", "i"], ["EM", "i"], ["S", "s"], ["STRIKE", "s"], ["DEL", "s"],
  ["U", "u"], ["INS", "u"], ["CODE", "code"], ["TT", "code"], ["KBD", "code"], ["SAMP", "code"], ["SUB", "sub"], ["SUP", "sup"],
]);
/** Blocks that stay as they are. */
const blocks = new Map([
  ["UL", "ul"], ["OL", "ol"], ["LI", "li"], ["BLOCKQUOTE", "blockquote"], ["PRE", "pre"],
  ["TABLE", "table"], ["THEAD", "thead"], ["TBODY", "tbody"], ["TR", "tr"], ["TH", "th"], ["TD", "td"],
]);
/** Blocks that become lines. Headings are bold lines: a chat has no chapters. */
const lines = new Set(["DIV", "P", "SECTION", "ARTICLE", "MAIN", "HEADER", "FOOTER", "ASIDE", "NAV", "H1", "H2", "H3", "H4", "H5", "H6", "DL", "DT", "DD", "FIGURE", "FIGCAPTION", "ADDRESS", "CENTER", "FORM", "FIELDSET", "TFOOT", "CAPTION"]);

export interface Plain {
  readonly html: string;
  /** sip names of those named with @ in it. */
  readonly mentions: readonly string[];
}

export interface Options {
  /** White space of the source means nothing (pasted HTML); in the editor it does. */
  readonly collapse?: boolean;
  /** Elements `span[data-sip]` are mentions: only in our own editor. */
  readonly mentions?: boolean;
}

/** The plain HTML of what is in root; root itself is not written. */
export function plainHtml(root: Node, options: Options = {}): Plain {
  const w = new Writer(options);
  w.children(root, 0);
  w.end(0);
  return { html: w.out, mentions: [...w.sips] };
}

class Writer {
  out = "";
  readonly sips = new Set<string>();
  /** Inline elements that hold; the first `open` of them are written. */
  private readonly want: string[] = [];
  private open = 0;
  /** Line ends that become <br> when something follows. */
  private pending = 0;
  /** Something stands on the present line. */
  private inLine = false;
  private pre = 0;
  private readonly options: Options;

  constructor(options: Options) {
    this.options = options;
  }

  children(node: Node, depth: number): void {
    if (depth > maxDepth) return this.text(real("textContent", node) as string);
    for (const c of real("childNodes", node) as NodeListOf<ChildNode>) {
      if (this.out.length >= maxPaste) return;
      this.node(c, depth);
    }
  }

  private node(node: Node, depth: number): void {
    if (node.nodeType === 3) return this.text((node as Text).data);
    if (node.nodeType !== 1) return;
    const el = node as HTMLElement;
    const name = (real("nodeName", el) as string).toUpperCase();
    if (dropped.has(name)) return;
    if (name === "BR") return this.lineEnd();
    if (name === "HR") return this.rule();
    if (name === "IMG") return this.text(shortAlt(el));
    const block = blocks.get(name);
    if (block) return this.block(block, el, depth);
    if (lines.has(name)) return this.line(el, name, depth);
    if (this.options.mentions && el.dataset?.sip) this.sips.add(el.dataset.sip);
    this.inline(el, name, depth);
  }

  private inline(el: HTMLElement, name: string, depth: number): void {
    const tags = stylesOf(el, name).filter((t) => !this.want.includes(t) && !(this.pre > 0 && t === "code"));
    this.want.push(...tags);
    this.children(el, depth + 1);
    if (name === "A") this.address(el);
    this.end(this.want.length - tags.length);
  }

  /** Attributes do not arrive, so a link says where it leads after its text. */
  private address(a: HTMLElement): void {
    const href = a.getAttribute("href")?.trim() ?? "";
    if (!/^(https?|mailto):/i.test(href) || href.length > 2000) return;
    const target = href.replace(/^mailto:/i, "");
    const text = a.textContent ?? "";
    if (!text.includes(target) && !target.startsWith(`${text}/`)) this.text(text ? ` (${target})` : target);
  }

  private line(el: HTMLElement, name: string, depth: number): void {
    this.breakLine();
    const bold = /^H[1-6]$/.test(name) && !this.want.includes("b");
    if (bold) this.want.push("b");
    this.children(el, depth + 1);
    if (bold) this.end(this.want.length - 1);
    this.breakLine();
  }

  private block(tag: string, el: HTMLElement, depth: number): void {
    if (tag !== "li" && !el.firstChild) return;
    // The block ends the line by itself: one line end less.
    this.breakLine();
    this.pending = Math.max(0, this.pending - 1);
    if (this.out !== "") this.flush();
    this.pending = 0;
    this.openWanted();
    const outer = this.want.splice(0); // formats of the outside hold inside, without writing them again
    const outerOpen = this.open;
    this.open = 0;
    this.out += `<${tag}>`;
    this.inLine = false;
    if (tag === "pre") this.pre++;
    this.children(el, depth + 1);
    if (tag === "pre") this.pre--;
    this.end(0);
    this.pending = 0;
    this.out += `</${tag}>`;
    this.want.push(...outer);
    this.open = outerOpen;
    this.inLine = false;
  }

  private rule(): void {
    this.breakLine();
    this.pending = 0;
    this.out += "<hr>";
  }

  private breakLine(): void {
    if (!this.inLine) return;
    this.pending++;
    this.inLine = false;
  }

  private lineEnd(): void {
    this.pending++;
    this.inLine = false;
  }

  private text(data: string): void {
    // eslint-disable-next-line no-control-regex -- control characters are what this removes
    let s = data.replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b\ufeff]/g, "");
    if (this.pre > 0) return this.write(escape(s));
    s = s.replace(/\u00a0/g, " ");
    if (this.options.collapse) {
      s = s.replace(/[ \t\n]+/g, " ");
      if (!this.inLine) s = s.replace(/^ /, "");
      return this.write(escape(s));
    }
    s.split("\n").forEach((part, i) => {
      if (i > 0) this.lineEnd();
      this.write(escape(part).replace(/ {2,}/g, (run) => "\u00a0".repeat(run.length - 1) + " "));
    });
  }

  private write(s: string): void {
    if (s === "") return;
    if (this.out !== "") this.flush();
    this.pending = 0;
    this.openWanted();
    this.out += s;
    this.inLine = true;
  }

  private flush(): void {
    this.out += "<br>".repeat(Math.min(this.pending, 100));
    this.pending = 0;
  }

  private openWanted(): void {
    for (; this.open < this.want.length; this.open++) this.out += `<${this.want[this.open]}>`;
  }

  /** Ends inline elements down to `left` of them. */
  end(left: number): void {
    while (this.want.length > left) {
      const tag = this.want.pop();
      if (this.open <= this.want.length) continue;
      this.out += `</${tag}>`;
      this.open--;
    }
  }
}

/**
 * A property of Node as the platform defines it. In a pasted form, fields named like
 * properties stand in their place ("clobbering"); only forms do that, and they are lines.
 */
function real(name: "childNodes" | "nodeName" | "textContent", node: Node): unknown {
  return Object.getOwnPropertyDescriptor(Node.prototype, name)?.get?.call(node);
}

/**
 * Formats that an element brings: by its name, or by its style as word processors write.
 * The style is read as text: the content policy keeps browsers from applying it.
 */
function stylesOf(el: HTMLElement, name: string): string[] {
  const tag = inlines.get(name);
  const style = (el.getAttribute("data-style") ?? el.getAttribute("style") ?? "").slice(0, 2000).toLowerCase();
  if (style === "") return tag ? [tag] : [];
  const out: string[] = [];
  // A well-known word processor wraps everything in <b style="font-weight:normal">.
  if (tag && !(tag === "b" && /font-weight\s*:\s*(normal|400)/.test(style))) out.push(tag);
  if (/font-weight\s*:\s*(bold|[6-9]00)/.test(style)) out.push("b");
  if (/font-style\s*:\s*italic/.test(style)) out.push("i");
  if (/text-decoration[a-z-]*\s*:[^;]*line-through/.test(style)) out.push("s");
  return [...new Set(out)];
}

/** Programs paste emoji as pictures with the character as text. */
function shortAlt(el: HTMLElement): string {
  const alt = el.getAttribute("alt") ?? "";
  return alt.length <= 32 ? alt : "";
}

export function escape(s: string): string {
  return s.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** Plain text as HTML. */
export function escapeText(s: string): string {
  return escape(s.replace(/\r\n?/g, "\n")).replace(/\n/g, "<br>");
}

/** Bytes that the text takes on the wire, where it is a JSON string. */
export function wireSize(html: string): number {
  return new TextEncoder().encode(JSON.stringify(html)).length;
}

/** Pasted HTML as plain HTML. The document it is read into is inert: nothing runs or loads. */
export function pastedHtml(html: string): string {
  if (html.length > 4 * maxPaste) return "";
  // Parsing a style attribute is already a violation of the content policy: it gets another name.
  const tame = html.replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/([\s"'/])style(\s*=)/gi, "$1data-style$2"));
  const doc = new DOMParser().parseFromString(tame, "text/html");
  return plainHtml(doc.body, { collapse: true }).html;
}
