// The sentences that the model itself has to say. The screens hand over a translator;
// without one they are English. Names follow "say what happened, then what one can do".

export const english = {
  "send.unknown": "There is nobody of that name.",
  "send.absent": "Nobody is there, and nothing is kept in this chat.",
  "send.declined": "The other side declined it.",
  "send.line": "The connection was lost.",
  "send.busy": "It could not be stored. Try again later.",
  "send.file": "The file cannot be sent here.",
  "send.nofiles": "Files need stored chats, and there is no licence for them.",
  "send.group": "Groups are not in the licence.",
  "send.forbidden": "You may not write here.",
  "send.format": "No device there can show this.",
  "send.long": "The message is too long or empty.",
  "send.other": "It could not be delivered (cause {cause}).",
  "upload.failed": "The file could not be sent.",
  "upload.size": "The file is too large.",
  "upload.quota": "There is no room for the file.",
  "upload.gone": "The file is not on this device any more.",
  "act.line": "There is no connection. Try again when the line is up.",
  "act.missing": "It is not there any more.",
  "act.forbidden": "You may not do that.",
  "act.limit": "A limit is reached.",
  "act.invalid": "That is not possible.",
  "act.away": "The store cannot be reached. Try again later.",
  "act.volatile": "Nothing is kept here, so this is not possible.",
  "act.failed": "It did not work. Try again later.",
  "store.memory": "This browser keeps nothing: messages that wait are lost when the page is closed.",
} as const;

export type Sentence = keyof typeof english;
export type Words = (key: Sentence, values?: Readonly<Record<string, string | number>>) => string;

/** The words where nobody translates. */
export const defaultWords: Words = (key, values) =>
  english[key].replace(/\{(\w+)\}/g, (_, name: string) => String(values !== undefined && Object.hasOwn(values, name) ? values[name] : ""));

/** An act that did not succeed; `message` is a sentence for the person. */
export class ActError extends Error {
  override readonly name = "ActError";
  constructor(
    readonly code: string,
    message: string,
  ) {
    super(message);
  }
}

/** What the errors of protocol/ look like from here. */
interface Failure {
  readonly kind?: unknown;
  readonly code?: unknown;
  readonly number?: unknown;
}

export function failureOf(e: unknown): { kind: string; code: string; number: number | undefined } {
  const f = (typeof e === "object" && e !== null ? e : {}) as Failure;
  return {
    kind: typeof f.kind === "string" ? f.kind : "",
    code: typeof f.code === "string" ? f.code : "failed",
    number: typeof f.number === "number" ? f.number : undefined,
  };
}

const acts = new Map<string, Sentence>([
  ["not-found", "act.missing"], ["not-allowed", "act.forbidden"], ["limit", "act.limit"],
  ["parameter", "act.invalid"], ["no-session", "act.away"], ["fault", "act.away"],
]);

/** Any error as one that can be shown. */
export function actError(words: Words, e: unknown): ActError {
  if (e instanceof ActError) {
    return e;
  }
  const { kind, code } = failureOf(e);
  const key = kind === "line" ? "act.line" : (acts.get(code) ?? "act.failed");
  return new ActError(kind === "line" ? "line" : code, words(key));
}

const causes = new Map<number, Sentence>([
  [1, "send.unknown"], [20, "send.absent"], [21, "send.declined"], [41, "send.line"], [42, "send.busy"],
  [47, "send.busy"], [50, "send.file"], [57, "send.forbidden"], [88, "send.format"], [111, "send.long"],
]);

/** Why a text failed, by its cause (docs/chat.md, "Causes worth showing"). */
export function causeSentence(words: Words, cause: number | undefined, files: boolean): string {
  if (cause === 50 && !files) {
    return words("send.group");
  }
  const key = cause === undefined ? undefined : causes.get(cause);
  return key === undefined ? words("send.other", { cause: cause ?? "?" }) : words(key);
}
