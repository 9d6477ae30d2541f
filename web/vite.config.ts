import preact from "@preact/preset-vite";
import { defineConfig } from "vitest/config";

// Two pages: the client at / and the console at /admin/. Both share /assets/, which the
// switch serves on every listener that has one of them. Everything is from this host.
export default defineConfig({
  plugins: [preact()],
  build: {
    target: "es2022",
    outDir: "../internal/webui/built/dist",
    emptyOutDir: true,
    assetsInlineLimit: 0, // the content security policy allows no data: scripts or fonts
    modulePreload: { polyfill: false },
    rollupOptions: { input: { client: "index.html", console: "admin/index.html" } },
  },
  server: {
    proxy: {
      "/PBX0": { target: "http://127.0.0.1:8080", ws: true },
      "/admin/v1": "http://127.0.0.1:8080",
    },
  },
  test: { include: ["src/**/*.test.{ts,tsx}"], environment: "node" },
});
