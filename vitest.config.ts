import { defineConfig } from 'vitest/config';

/**
 * Real servers, real browsers, real time: one file at a time, and patience. A second try, because a machine that
 * stands still for a moment bends the sound of a call; what is really broken fails twice.
 */
const slow = { fileParallelism: false, retry: 1, testTimeout: 120_000, hookTimeout: 120_000, teardownTimeout: 20_000 };

export default defineConfig({
  test: {
    // A test that was left focused, or a project without tests, must not pass for a green run.
    allowOnly: false,
    passWithNoTests: false,
    projects: [
      { extends: true, test: { name: 'unit', include: ['test/unit/**/*.test.{ts,js}'], testTimeout: 20_000 } },
      { extends: true, test: { name: 'integration', include: ['test/integration/**/*.test.ts'], ...slow } },
      { extends: true, test: { name: 'e2e', include: ['test/e2e/**/*.test.ts'], ...slow } },
    ],
  },
});
