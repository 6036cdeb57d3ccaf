import { defineConfig } from "vitest/config";

// Tests in a real browser on the built collector: OTELCOL_GENAI is its binary.
export default defineConfig({
  test: {
    include: ["tests/browser/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Each file has a browser and a collector of its own.
    maxWorkers: Number(process.env["VIEWER_WORKERS"] ?? 2),
  },
});
