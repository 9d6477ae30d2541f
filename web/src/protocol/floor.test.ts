import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";

// What could be published alone stands on nothing of the screen: files of its own, and one package.
it("imports nothing but itself and @noble/hashes", () => {
  const dir = new URL(".", import.meta.url);
  const files = readdirSync(dir, { recursive: true, encoding: "utf8" }).filter((f) => f.endsWith(".ts") && !f.endsWith(".test.ts") && !f.startsWith("testkit"));
  expect(files.length).toBeGreaterThan(25);
  for (const f of files) {
    const text = readFileSync(new URL(f, dir), "utf8");
    for (const [, from = ""] of text.matchAll(/(?:from|import\()\s*"([^"]+)"/g)) {
      expect(from.startsWith("@noble/hashes/") || new URL(from, new URL(f, dir)).href.startsWith(dir.href), `${f} imports ${from}`).toBe(true);
    }
    expect(text, f).not.toMatch(/\b(document|window|localStorage|navigator)\./);
    expect(text.split("\n").length, `${f} is too long to read in one sitting`).toBeLessThanOrEqual(350);
  }
});
