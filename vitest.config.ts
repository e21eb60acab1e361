import { defineConfig } from 'vitest/config';

const pure = ['test/unit/**/*.test.ts', 'test/chaos/**/*.test.ts'];
const proofs = ['test/proofs/**/*.test.ts'];

export default defineConfig({
  test: {
    setupFiles: ['test/support/fail-on-warnings.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    disableConsoleIntercept: true,
    tags: [{ name: 'property', description: 'holds for generated values; `npm run fuzz` tries many' }],
    projects: [
      // Each file loads most of the library: without a process of its own for each, that is done once.
      { extends: true, test: { name: 'unit', include: pure, isolate: false } },
      {
        extends: true,
        test: {
          name: 'real',
          include: ['test/**/*.test.ts'],
          exclude: [...pure, ...proofs],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'proofs', include: proofs } },
    ],
  },
});
