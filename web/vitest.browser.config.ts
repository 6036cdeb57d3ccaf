import { defineConfig } from "vitest/config";

// Tests in a real browser on the built collector: OTELCOL_GENAI is its binary.
// With PICTURES set, those of the README are taken instead.
export default defineConfig({
  test: {
    include: process.env["PICTURES"] ? ["tests/pictures/*.test.ts"] : ["tests/browser/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    expect: { poll: { timeout: 20_000, interval: 50 } },
    // Each file has a browser and a collector of its own.
    maxWorkers: Number(process.env["VIEWER_WORKERS"] ?? 2),
  },
});
