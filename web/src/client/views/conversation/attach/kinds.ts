// What an attachment is, by its type and, where that says nothing, by its name.
import type { Attachment } from "../../../model/types.ts";

/** How it is shown. */
export type Shown = "picture" | "video" | "voice" | "file";
/** What a document is called under its name; keys of the texts. */
export type FileKind = "pdf" | "text" | "sheet" | "slides" | "document" | "archive" | "sound" | "film" | "image" | "code" | "other";

/** Pictures that browsers show. SVG is not among them: it can hold what one would not expect in a picture. */
const pictures = new Set(["image/jpeg", "image/png", "image/gif", "image/webp", "image/avif", "image/bmp"]);

export function shownAs(a: Pick<Attachment, "type" | "wave">): Shown {
  const type = plain(a.type);
  if (pictures.has(type)) return "picture";
  if (type.startsWith("video/")) return "video";
  if (type.startsWith("audio/")) return "voice";
  return "file";
}

const byEnd: ReadonlyMap<string, FileKind> = new Map([
  ["pdf", "pdf"],
  ["csv", "sheet"], ["xls", "sheet"], ["xlsx", "sheet"], ["ods", "sheet"],
  ["ppt", "slides"], ["pptx", "slides"], ["odp", "slides"], ["key", "slides"],
  ["doc", "document"], ["docx", "document"], ["odt", "document"], ["rtf", "document"], ["pages", "document"],
  ["txt", "text"], ["md", "text"], ["log", "text"],
  ["zip", "archive"], ["gz", "archive"], ["tgz", "archive"], ["7z", "archive"], ["rar", "archive"], ["tar", "archive"], ["xz", "archive"], ["zst", "archive"],
  ["json", "code"], ["xml", "code"], ["html", "code"], ["js", "code"], ["ts", "code"], ["go", "code"], ["py", "code"], ["sh", "code"], ["yaml", "code"], ["yml", "code"], ["sql", "code"], ["css", "code"],
  ["svg", "image"], ["tif", "image"], ["tiff", "image"], ["heic", "image"], ["psd", "image"],
]);

export function fileKind(name: string, type: string): FileKind {
  const end = /\.([a-z0-9]{1,8})$/i.exec(name)?.[1]?.toLowerCase() ?? "";
  const known = byEnd.get(end);
  if (known) return known;
  const t = plain(type);
  if (t === "application/pdf") return "pdf";
  if (t.startsWith("text/")) return "text";
  if (t.startsWith("image/")) return "image";
  if (t.startsWith("audio/")) return "sound";
  if (t.startsWith("video/")) return "film";
  if (/zip|compressed|tar/.test(t)) return "archive";
  return "other";
}

function plain(type: string): string {
  return (type.split(";")[0] ?? "").trim().toLowerCase();
}

/** Seconds that an upload still takes; undefined where nobody knows. */
export function secondsLeft(done: number, size: number, speed: number | undefined): number | undefined {
  if (!speed || speed <= 0 || done > size) return undefined;
  return Math.max(1, Math.ceil((size - done) / speed));
}

/** The biggest size with the ratio of w to h that fits into both bounds; 16:9 where nobody knows the ratio. */
export function fit(w: number | undefined, h: number | undefined, maxW: number, maxH: number): { w: number; h: number } {
  const ratio = w && h && w > 0 && h > 0 ? w / h : 16 / 9;
  const byWidth = Math.min(maxW, maxH * ratio);
  return { w: Math.round(byWidth), h: Math.round(byWidth / ratio) };
}
