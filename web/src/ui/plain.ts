// Texts of other people as plain words. Apart from html.ts, so that lists need no
// sanitiser: what is parsed here is never in the page, runs nothing and loads nothing.

const blocks = "br, p, div, li, tr, pre, blockquote, h1, h2, h3, h4, h5, h6";
// As in sanitize/html.go: these go with their content.
const dropped = "script, style, iframe, object, embed, svg, math, template, noscript";

/** The words of a text, in one line: for previews, notifications, readers. */
export function plain(html: string): string {
  if (!/[<&]/.test(html)) return html.replace(/\s+/gu, " ").trim();
  const { body } = new DOMParser().parseFromString(html, "text/html");
  for (const el of body.querySelectorAll(dropped)) el.remove();
  for (const el of body.querySelectorAll(blocks)) el.before(" ");
  return (body.textContent ?? "").replace(/\s+/gu, " ").trim();
}

/** Text as HTML that shows it. */
export function escape(text: string): string {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}
