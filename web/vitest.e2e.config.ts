import { defineConfig } from "vitest/config";

// End-to-end tests in Chromium against bin/pbx, one file after the other.
export default defineConfig({
  test: {
    include: ["e2e/**/*.e2e.ts"],
    environment: "node",
    testTimeout: 180_000,
    hookTimeout: 90_000,
    fileParallelism: false,
  },
});
