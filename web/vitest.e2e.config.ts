import { defineConfig } from "vitest/config";

// End-to-end tests in Chromium against bin/pbx, two files at a time.
export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    environment: "node",
    testTimeout: 180_000,
    hookTimeout: 90_000,
    maxWorkers: 2, // of files; the tests of one go one after the other
  },
});
