import { expect, test } from "vitest";
import { path, reasonHeader } from "./api.ts";

// The other end of this is TestEncodedReason of internal/admin.
test.each([
  ["has left", "has left"],
  ["100%25 of them", "100%25 of them"],
  ["üğ 👋", "UTF-8''%C3%BC%C4%9F%20%F0%9F%91%8B"],
  ["two\nlines", "UTF-8''two%0Alines"],
  ["utf-8''x", "UTF-8''utf-8''x"],
  ["half \ud83d", "UTF-8''half%20%EF%BF%BD"],
])("the reason %j is sent as %j", (reason, want) => {
  expect(new Headers({ "Pbx-Reason": reasonHeader(reason) }).get("Pbx-Reason")).toBe(want);
});

test("names do not leave their part of an address", () => {
  expect(path(["domains", "../admins", "objects", "a/b?c#d"], { q: "x&y=z" })).toBe("/admin/v1/domains/..%2Fadmins/objects/a%2Fb%3Fc%23d?q=x%26y%3Dz");
});
