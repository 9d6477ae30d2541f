// Small changes of waiting messages, as values.
import type { Json } from "../../protocol/index.ts";
import type { StoredFile, StoredItem } from "./store.ts";
import type { Attachment } from "./types.ts";

const maxMentions = 64;

/** What goes beside the text: members that the switch keeps with the message (ext). */
export function extOf(item: StoredItem): Readonly<Record<string, Json>> {
  const voice = item.files.find((f) => f.wave !== undefined);
  return {
    ...optional("reply", item.reply),
    ...(item.mentions !== undefined && item.mentions.length > 0 ? { mentions: item.mentions.slice(0, maxMentions) } : {}),
    ...optional("forwarded", item.forwarded),
    ...(voice?.wave === undefined ? {} : { wave: voice.wave.slice(0, 128).map((v) => Math.round(Math.min(1, Math.max(0, v)) * 100)) }),
    ...optional("duration", voice?.duration === undefined ? undefined : Math.round(voice.duration)),
  };
}

export function withFile(item: StoredItem, file: StoredFile): StoredItem {
  return { ...item, files: item.files.map((f) => (f.key === file.key ? { ...f, ...file, ...optional("paused", f.paused) } : f)) };
}

export function withoutError({ error: _, ...file }: StoredFile): StoredFile {
  return file;
}

/** To be uploaded once more. What was passed on cannot be: its address is all there is. */
export function afresh(f: StoredFile): StoredFile {
  const { error: _e, url: _u, token: _t, ...file } = f;
  return f.passedOn === true ? f : file;
}

/** A file of a message that is passed on. */
export function passedOn(a: Attachment, key: string): StoredFile {
  return { key, name: a.name, type: a.type, size: a.size ?? 0, url: a.url, passedOn: true, ...optional("duration", a.duration), ...optional("wave", a.wave) };
}

/** A member where there is a value, and none otherwise. */
export function optional<K extends string, V>(name: K, value: V | undefined): { readonly [P in K]?: V } {
  return (value === undefined ? {} : { [name]: value }) as { readonly [P in K]?: V };
}
