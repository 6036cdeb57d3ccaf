import { defineConfig } from "vitest/config";

export default defineConfig({
  // Relative addresses: the viewer works under whatever path a proxy gives it.
  base: "./",
  build: {
    outDir: "../live/liveextension/viewer",
    emptyOutDir: true,
    target: ["chrome123", "firefox128", "safari17.5"],
    // Nothing inline: the page's policy forbids it.
    assetsInlineLimit: 0,
    modulePreload: false,
    reportCompressedSize: true,
  },
  // `npm run dev` beside a collector.
  server: { proxy: { "/api": process.env["LIVE_URL"] ?? "http://localhost:4321" } },
  test: {
    include: ["tests/unit/**/*.test.ts"],
  },
});
