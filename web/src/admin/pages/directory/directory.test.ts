import { describe, expect, test } from "vitest";
import { Problem } from "../../api.ts";
import { perJack } from "../Licences.tsx";
import { each } from "./acts.ts";
import { contrasts, nearby } from "./BrandForm.tsx";
import { changes, draftOf, emptyDraft, rebase, words } from "./draft.ts";
import { dayStart, readGrant } from "./NewLicence.tsx";
import { makePages } from "./pages.ts";
import { managesDomain, writesIn } from "./place.ts";
import type { DirectoryObject } from "./types.ts";

const alice: DirectoryObject = { id: 7, guid: "0", rev: 3, type: "user", domain: "one.example", sip: "alice", dn: "Alice", num: "101", disabled: false, second_factor: false };

describe("a draft", () => {
  test("has every member, and what differs is what is sent", () => {
    const draft = draftOf(alice);
    expect(Object.keys(draft).sort()).toEqual(Object.keys(emptyDraft).sort());
    expect(changes(draft, draftOf(alice))).toEqual({});
    expect(changes(draft, { ...draft, num: "102", emails: ["a@b"] })).toEqual({ num: "102", emails: ["a@b"] });
    expect(changes(draft, { ...draft, groups: [{ name: "ward" }] })).toEqual({ groups: [{ name: "ward" }] });
    expect(changes(draft, { ...draft, hide: false })).toEqual({ hide: false });
  });
  test("keeps one's own changes over those of others, and says what both have changed", () => {
    const before = draftOf(alice);
    const mine = { ...before, num: "102", dn: "Alicia" };
    const theirs = { ...before, dn: "Alix", loc: "Ward 7" };
    expect(rebase(before, mine, theirs)).toEqual({ draft: { ...theirs, num: "102", dn: "Alicia" }, both: ["dn"] });
    expect(rebase(before, mine, { ...before, dn: "Alicia" }).both).toEqual([]);
    expect(changes(before, rebase(before, before, theirs).draft)).toEqual({ dn: "Alix", loc: "Ward 7" });
  });
  test("reads lists as people write them", () => {
    expect(words(" a, b;c\n,, ")).toEqual(["a", "b", "c"]);
    expect(words("__proto__")).toEqual(["__proto__"]);
    expect(words("")).toEqual([]);
  });
});

describe("acts on many", () => {
  test("go on after a refusal and tell which", async () => {
    const result = await each([1, 2, 3, 4, 5], async (n) => {
      if (n % 2 === 0) throw new Problem(412, "stale", `no ${n}`);
    });
    expect([...result.done].sort()).toEqual([1, 3, 5]);
    expect(result.refused.map((r) => [r.row, r.problem.code]).sort()).toEqual([[2, "stale"], [4, "stale"]]);
  });
  test("wait when there are too many, and give up in the end", async () => {
    const waited: number[] = [];
    let left = 2;
    const once = await each([1], async () => {
      if (left-- > 0) throw new Problem(429, "rate_limited", "", [], 3);
    }, async (s) => void waited.push(s));
    expect([once.done, waited]).toEqual([[1], [3, 3]]);
    const never = await each([1], () => Promise.reject(new Problem(429, "rate_limited", "")), async () => undefined);
    expect(never.refused.length).toBe(1);
  });
  test("do four at once at most", async () => {
    let now = 0;
    let most = 0;
    await each(Array.from({ length: 20 }, (_, i) => i), async () => {
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
    });
    expect(most).toBe(4);
  });
});

describe("a list in parts", () => {
  const settle = () => new Promise((r) => setTimeout(r));
  const numbers = (asked: (string | undefined)[], all = 450) => makePages<number>(async ({ cursor, limit }) => {
    asked.push(cursor);
    const from = Number(cursor ?? 0);
    const items = Array.from({ length: Math.min(limit, all - from) }, (_, i) => from + i);
    return { items, ...(from + limit < all && { next: String(from + limit) }), ...(cursor === undefined && { total: all }) };
  });
  test("grows to its end, one request at a time", async () => {
    const asked: (string | undefined)[] = [];
    const p = numbers(asked);
    p.start();
    await settle();
    expect([p.rows.value?.length, p.total.value]).toEqual([200, 450]);
    p.more();
    p.more();
    await settle();
    p.more();
    await settle();
    p.more();
    await settle();
    expect(p.rows.value).toEqual(Array.from({ length: 450 }, (_, i) => i));
    expect(asked).toEqual([undefined, "200", "400"]);
  });
  test("reads again as much as was loaded", async () => {
    const p = numbers([]);
    p.start();
    await settle();
    p.more();
    await settle();
    p.again();
    await settle();
    expect(p.rows.value?.length).toBe(400);
  });
  test("keeps what it has when a request fails", async () => {
    let fail = false;
    const p = makePages<number>(async () => {
      if (fail) throw new Problem(0, "unreachable", "The switch does not answer.");
      return { items: [1] };
    });
    p.start();
    await settle();
    fail = true;
    p.again();
    await settle();
    expect([p.rows.value, p.error.value]).toEqual([[1], "The switch does not answer."]);
  });
});

test("who may change what", () => {
  const one = { name: "one.example", org: "acme" };
  const alone = { name: "two.example" };
  expect(writesIn([{ role: "operator" }], one)).toBe(true);
  expect(writesIn([{ role: "org_admin", org: "acme" }], one)).toBe(true);
  expect(writesIn([{ role: "org_admin", org: "other" }], one)).toBe(false);
  expect(writesIn([{ role: "org_admin" }], alone)).toBe(false);
  expect(writesIn([{ role: "domain_admin", domain: "one.example" }], one)).toBe(true);
  expect(writesIn([{ role: "domain_admin", domain: "one.example" }], alone)).toBe(false);
  expect(writesIn([{ role: "auditor" }], one)).toBe(false);
  expect(managesDomain([{ role: "domain_admin", domain: "one.example" }], one)).toBe(false);
});

test("an accent is seen on light and dark, or one near it is offered", () => {
  expect(contrasts("red")).toBeUndefined();
  expect(contrasts("#e25320")?.every((c) => c.enough)).toBe(true);
  expect(nearby("#e25320")).toBeUndefined();
  expect(contrasts("#ffe000")?.map((c) => c.enough)).toEqual([false, true]);
  for (const faint of ["#ffe000", "#ffffff", "#000000", "#101060"]) expect(contrasts(nearby(faint) ?? "")?.every((c) => c.enough)).toBe(true);
});

test("licences", () => {
  expect([readGrant("messages:20"), readGrant(" calls "), readGrant("App(crm):5"), readGrant(""), readGrant("a:b")]).toEqual([{ name: "messages", count: 20 }, { name: "calls" }, { name: "App(crm)", count: 5 }, undefined, undefined]);
  expect([dayStart("2027-12-31", 1), dayStart("2027-12-31", 0), dayStart("", 1), dayStart("2027-13-40", 0)]).toEqual(["2028-01-01T00:00:00Z", "2027-12-31T00:00:00Z", undefined, undefined]);
  expect([perJack(0), perJack(400), perJack(401), perJack(100_000)]).toEqual([1, 1, 10, 1000]);
});
