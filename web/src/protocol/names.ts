// Names, ids and addresses.

/** A random id for a text: 128 bits (A3 asks for 64). Works where crypto.subtle and randomUUID do not: on plain http. */
export function newId(): string {
  return hex(crypto.getRandomValues(new Uint8Array(16)));
}

export function hex(bytes: Uint8Array): string {
  let out = "";
  for (const b of bytes) out += b.toString(16).padStart(2, "0");
  return out;
}

/** The websocket of a page or host: http://HOST/… becomes ws://HOST/PBX0/APPCLIENT/websocket (1.1). */
export function clientUrl(page: string): string {
  const url = new URL(page);
  const scheme = url.protocol === "https:" || url.protocol === "wss:" ? "wss:" : "ws:";
  return `${scheme}//${url.host}/PBX0/APPCLIENT/websocket`;
}

/** Where the small picture of a file is (docs/files.md); only where AttachedFile.thumb says so. */
export function thumbUrl(url: string): string {
  return url + (url.includes("?") ? "&" : "?") + "v=thumb";
}

/** Whether a chat is a group: they are named `<Messages object>?g<number>` (decision 60). */
export function isGroup(chat: string): boolean {
  return groupId(chat) !== undefined;
}

/** The number of a group, from its name. */
export function groupId(chat: string): number | undefined {
  const m = /\?g([1-9][0-9]{0,15})$/.exec(chat);
  return m ? Number(m[1]) : undefined;
}

/** The user part of a SIP name, in the form in which names are compared (decision 33). */
export function sameName(a: string, b: string): boolean {
  return a.toLowerCase() === b.toLowerCase();
}
