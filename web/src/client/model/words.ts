// The sentences that the model itself has to say (i18n/*/model.ts): what happened, then
// what one can do.
import english from "../../i18n/en/model.ts";
import { t } from "../../i18n/index.ts";

type Texts = typeof english;
export type Sentence = { [A in keyof Texts]: `${A}.${keyof Texts[A] & string}` }[keyof Texts];
export type Words = (key: Sentence, values?: Readonly<Record<string, string | number>>) => string;

const sentences: ReadonlyMap<string, string> = new Map(
  Object.entries(english).flatMap(([area, texts]) => Object.entries(texts).map(([name, text]): [string, string] => [`${area}.${name}`, text])),
);

/** English, for where no language is set up. */
export const defaultWords: Words = (key, values) =>
  (sentences.get(key) ?? key).replace(/\{\{(\w+)\}\}/g, (_, name: string) => String(values !== undefined && Object.hasOwn(values, name) ? values[name] : ""));

/** The person's language (i18n, area "model"). */
export const translated: Words = (key, values) => {
  const text = t(`model.${key}`, values);
  return text === `model.${key}` || text === "" ? defaultWords(key, values) : text;
};

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

const acts: ReadonlyMap<string, Sentence> = new Map([
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

const causes: ReadonlyMap<number, Sentence> = new Map([
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
