import { defineConfig } from "vitest/config";

// Takes the pictures of docs/shots: `make shots`.
export default defineConfig({
  test: {
    include: ["e2e/shots/take.ts"],
    environment: "node",
    testTimeout: 240_000,
    hookTimeout: 120_000,
    fileParallelism: false,
  },
});
