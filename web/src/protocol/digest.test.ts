import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  appDecrypt, appEncrypt, appHash, appLoginDigest, appSessionKey, canonical, compact, loginResponse, loginResultDigest, openSession, rawMember,
  redirectDigest, sameDigest, sha256hex, verifyInfo,
  type Proof,
} from "./digest.ts";
import { hex } from "./names.ts";
import { rc4 } from "./rc4.ts";

// The same file as the Go side tests itself with. NTLM is not offered (decision 21).
type Vector = Record<string, string>;
const vectors: any = JSON.parse(readFileSync(new URL("../../../testdata/appwebsocket-vectors.json", import.meta.url), "utf8"));

const bytes = (s: string): Uint8Array => new TextEncoder().encode(s);

describe("app logins", () => {
  it.each<Vector>(vectors.app_login_digest)("$id", (v) => {
    const info = v.info_json ?? undefined;
    expect(appLoginDigest({ ...v, info }, v.challenge ?? "", v.password ?? "")).toBe(v.digest);
    expect(sha256hex(v.hash_input ?? "")).toBe(v.digest);
  });

  it.each<Vector>(vectors.negative)("$id is another digest", (v) => {
    if (v.printed) {
      expect(sha256hex(v.hash_input ?? "")).toBe(v.recomputed);
      return;
    }
    const of = (info = ""): string => appLoginDigest({ app: "a", info }, "0123456789abcdef", "pwd");
    expect(of(v.info_right)).toBe(v.digest_right);
    expect(of(v.info_wrong)).not.toBe(v.digest_right);
    // What only escapes differently is accepted when verified (decision 16); another order never.
    expect(verifyInfo(v.info_wrong ?? "", v.digest_right ?? "", of)).toBe(v.id !== "key-reorder");
  });

  it("session key, encryption, hash", () => {
    for (const v of vectors.session_key) expect(appSessionKey(v.challenge, v.password)).toBe(v.key);
    for (const v of vectors.appws_encrypt) {
      expect(appEncrypt(v.session_key, v.seed, v.plaintext)).toBe(v.hex);
      expect(appDecrypt(v.session_key, v.seed, v.hex)).toBe(v.plaintext);
    }
    for (const v of vectors.appws_hash) expect(appHash(v.session_key, v.seed, v.data)).toBe(v.hash);
    const s = vectors.service_login_key;
    expect(appSessionKey(s.target_challenge, s.target_password)).toBe(s.target_session_key);
    expect(appDecrypt(s.connection_session_key, s.salt, s.key)).toBe(s.target_session_key);
  });
});

describe("myApps", () => {
  const m = vectors.myapps;
  const proof: Proof = { type: "user", domain: m.domain, username: m.username, password: m.password, nonce: m.nonce, challenge: m.challenge };

  it("response, result, redirect", () => {
    expect(loginResponse(proof)).toBe(m.login_user.response);
    expect(loginResultDigest(proof, m.login_result.info_json)).toBe(m.login_result.digest);
    expect(redirectDigest(proof, m.redirect.info_json)).toBe(m.redirect.digest);
    expect(loginResponse({ type: "session", domain: m.domain, ...m.login_session })).toBe(m.login_session.response);
  });

  it("the session inside", () => {
    const { session } = JSON.parse(m.login_result.info_json);
    expect(openSession(proof, "usr", session.usr)).toBe(m.login_result.session_usr_plain);
    expect(openSession(proof, "pwd", session.pwd)).toBe(m.login_result.session_pwd_plain);
    expect(openSession(proof, "pwd", "xyz")).toBeUndefined();
    expect(openSession(proof, "pwd", session.usr)).toBeUndefined(); // another key: no UTF-8
  });

  it("verifies a result as sent, and one that is escaped needlessly", () => {
    const formula = (info: string): string => loginResultDigest(proof, info);
    expect(verifyInfo(m.login_result.info_json, m.login_result.digest.toUpperCase(), formula)).toBe(true);
    expect(verifyInfo(m.login_result.info_json.replaceAll("/", "\\/"), m.login_result.digest, formula)).toBe(true);
    expect(verifyInfo(m.login_result.info_json.replace("alice@", "mallory@"), m.login_result.digest, formula)).toBe(false);
  });
});

describe("rc4 (legacy)", () => {
  it.each<Vector>(vectors.rc4)("$key", (v) => {
    expect(hex(rc4(bytes(v.key ?? ""), bytes(v.plaintext ?? "")))).toBe(v.hex);
  });
});

describe("JSON as it was received", () => {
  it.each<Vector>(vectors.json_canonical)("compact and canonical", (v) => {
    expect(compact(v.in ?? "")).toBe(v.raw_compact);
    expect(canonical(v.in ?? "")).toBe(v.canonical);
  });

  it.each([
    [`{"info":{"2":1,"1":{"info":3}},"x":"a,b}"}`, `{"2":1,"1":{"info":3}}`],
    [`{ "x" : {"info":1} , "info" : [1, "]"] }`, `[1, "]"]`],
    [`{"x":"info","y":["info",{"info":1}]}`, undefined],
    [`{"inf\\u006f":"a\\"}"}`, `"a\\"}"`],
    [`{"info":1,"info":2}`, "2"],
    [`{"info":true}`, "true"],
    [`{}`, undefined],
    [`["info",1]`, undefined],
  ])("member of %s", (text, want) => {
    expect(rawMember(text, "info")).toBe(want);
  });

  it("compares digests", () => {
    expect(sameDigest("aB", "Ab")).toBe(true);
    expect(sameDigest("ab", "abab")).toBe(false);
    expect(sameDigest("", "")).toBe(true);
    expect(sameDigest("a", "")).toBe(false);
  });
});
