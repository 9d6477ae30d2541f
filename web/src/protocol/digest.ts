// The formulas of the logins (appwebsocket.md 2.3, 2.6, 2.8.2). All synchronous, without
// crypto.subtle: a page on plain http has none.
import { sha256 } from "@noble/hashes/sha2.js";
import { hex } from "./names.ts";
import { rc4 } from "./rc4.ts";

const utf8 = new TextEncoder();

/** SHA-256 of the UTF-8 text, in lower-case hex. */
export function sha256hex(s: string): string {
  return hex(sha256(utf8.encode(s)));
}

/** Compares without telling by its time where two digests differ; upper case counts as lower. */
export function sameDigest(a: string, b: string): boolean {
  const x = a.toLowerCase();
  const y = b.toLowerCase();
  let diff = x.length ^ y.length;
  for (let i = 0; i < x.length; i++) diff |= x.charCodeAt(i) ^ y.charCodeAt(i % (y.length || 1));
  return diff === 0;
}

/** What AppLogin says about somebody (2.2). Missing texts are empty; `info` is raw JSON. */
export interface AppLoginFields {
  readonly app?: string;
  readonly domain?: string;
  readonly sip?: string;
  readonly guid?: string;
  readonly dn?: string;
  readonly info?: string;
}

/** Digest of AppLogin (2.3). Without info its field and colon are missing. */
export function appLoginDigest(f: AppLoginFields, challenge: string, password: string): string {
  const fields = [f.app ?? "", f.domain ?? "", f.sip ?? "", f.guid ?? "", f.dn ?? ""];
  if (f.info !== undefined) fields.push(compact(f.info));
  return sha256hex([...fields, challenge, password].join(":"));
}

/** Session key of an app login (2.6). */
export function appSessionKey(challenge: string, password: string): string {
  return sha256hex(`innovaphoneAppSessionKey:${challenge}:${password}`);
}

/** Payload encryption of an app session (2.6). */
export function appEncrypt(key: string, seed: string, plain: string): string {
  return hex(rc4(utf8.encode(`${seed}:${key}`), utf8.encode(plain)));
}

export function appDecrypt(key: string, seed: string, sealed: string): string | undefined {
  return unseal(`${seed}:${key}`, sealed);
}

/** Payload hash of an app session (2.6). */
export function appHash(key: string, seed: string, plain: string): string {
  return sha256hex(`${seed}:${key}:${plain}`);
}

/** What both sides of a myApps login hash (2.8.2). */
export interface Proof {
  readonly type: "user" | "session";
  /** As sent in Authenticate. */
  readonly domain: string;
  /** As sent in Login: a name, or the id of a session. */
  readonly username: string;
  readonly password: string;
  readonly nonce: string;
  readonly challenge: string;
}

/** `response` of the second Login. */
export function loginResponse(p: Proof): string {
  return sha256hex(`innovaphoneAppClient:${p.type}:${p.domain}:${p.username}:${p.password}:${p.nonce}:${p.challenge}`);
}

/** `digest` of LoginResult, over `info` as received. */
export function loginResultDigest(p: Proof, info: string): string {
  return sha256hex(`innovaphoneAppClient:loginresult:${p.domain}:${p.username}:${p.password}:${p.nonce}:${p.challenge}:${info}`);
}

/** `digest` of Redirect: without domain. */
export function redirectDigest(p: Proof, info: string): string {
  return sha256hex(`innovaphoneAppClient:redirect:${p.username}:${p.password}:${p.nonce}:${p.challenge}:${info}`);
}

/** Whether a digest fits `info`: its raw bytes compacted or, for servers that escape needlessly, written anew (decision 16). */
export function verifyInfo(rawInfo: string, digest: string, formula: (info: string) => string): boolean {
  return sameDigest(formula(compact(rawInfo)), digest) || sameDigest(formula(canonical(rawInfo)), digest);
}

/** Opens `session.usr` or `session.pwd` of LoginResult. */
export function openSession(p: Proof, what: "usr" | "pwd", sealed: string): string | undefined {
  return unseal(`innovaphoneAppClient:${what}:${p.nonce}:${p.password}`, sealed);
}

function unseal(key: string, sealed: string): string | undefined {
  if (!/^([0-9a-fA-F]{2})*$/.test(sealed)) return undefined;
  const bytes = Uint8Array.from(sealed.match(/../g) ?? [], (b) => parseInt(b, 16));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(rc4(utf8.encode(key), bytes));
  } catch {
    return undefined;
  }
}

/** The JSON text without white space between its tokens, and otherwise as it is. */
export function compact(json: string): string {
  return json.replace(/("(?:[^"\\]|\\.)*")|\s+/g, "$1");
}

/** The JSON text without needless escapes, members in their order. */
export function canonical(json: string): string {
  return compact(json).replace(/"(?:[^"\\]|\\.)*"/g, (s) => JSON.stringify(JSON.parse(s)));
}

/**
 * The text of a member of the outermost object, as received: digests are over it, and
 * JSON.parse does not keep it (it reorders members that look like numbers). The text must
 * be valid JSON; of a name that stands twice it is the last, as in JSON.parse.
 */
export function rawMember(json: string, name: string): string | undefined {
  const tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
  let depth = 0;
  let key: string | undefined;
  let from = -1;
  let found: string | undefined;
  for (let t = tokens.exec(json); t; t = tokens.exec(json)) {
    const c = t[0];
    if (depth === 1 && from < 0 && c.startsWith('"')) key = JSON.parse(c) as string;
    if (depth === 1 && c === ":" && from < 0) from = tokens.lastIndex;
    else if (depth === 1 && (c === "," || c === "}")) {
      if (key === name && from >= 0) found = json.slice(from, t.index).trim();
      from = -1;
    }
    if (c === "{" || c === "[") depth++;
    else if (c === "}" || c === "]") depth--;
  }
  return found;
}
