import { t } from "../../../../i18n/index.ts";
import { toast } from "../../../../ui/Toast.tsx";
import { insertHtml, insertText } from "./editor.ts";
import { escapeText, maxPaste, pastedHtml } from "./serialize.ts";

/** Pictures become files, HTML becomes plain HTML, text stays text. */
export function onPaste(e: ClipboardEvent, el: HTMLElement | null, add: (files: readonly File[]) => void): void {
  const data = e.clipboardData;
  if (!data || !el) return;
  e.preventDefault();
  const files = [...data.files];
  const html = data.getData("text/html");
  const text = data.getData("text/plain");
  // A picture from a page comes with HTML around it; a table from a sheet comes with a picture of it.
  if (files.length > 0 && text === "") return add(files);
  const plain = html === "" ? "" : pastedHtml(html);
  if (plain !== "" && /<(?!br>)/.test(plain)) return insertHtml(el, plain);
  const cut = text.slice(0, maxPaste);
  if (cut.length < text.length) toast(t("conversation.pasteCut"));
  if (cut.includes("\n")) insertHtml(el, escapeText(cut));
  else insertText(el, cut);
}

/** Files of a drop or a paste; folders are not files. */
export function filesOf(data: DataTransfer | null): File[] {
  if (!data) return [];
  const out: File[] = [];
  for (const item of data.items) {
    if (item.kind !== "file" || item.webkitGetAsEntry?.()?.isDirectory) continue;
    const file = item.getAsFile();
    if (file) out.push(file);
  }
  return out;
}
