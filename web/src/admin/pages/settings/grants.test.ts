import { expect, test } from "vitest";
import type { Grant } from "../../session.ts";
import { complete, draftOf, grantOf } from "./Grants.tsx";

test("grants survive the form", () => {
  const all: readonly Grant[] = [{ role: "operator" }, { role: "org_admin", org: "acme" }, { role: "domain_admin", domain: "one.example" }, { role: "auditor" }, { role: "auditor", org: "acme" }, { role: "auditor", domain: "one.example" }];
  for (const g of all) expect(grantOf(draftOf(g))).toEqual(g);
});

test("a grant that is for something says for what", () => {
  expect(complete([{ role: "operator", of: "" }, { role: "auditorAll", of: "" }])).toBe(true);
  expect(complete([{ role: "domain_admin", of: " " }])).toBe(false);
  expect(complete([{ role: "auditorOrg", of: "" }])).toBe(false);
});
