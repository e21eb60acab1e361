import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    pool: 'forks',
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 30_000,
    disableConsoleIntercept: true,
    tags: [{ name: 'property', description: 'holds for generated values; `npm run fuzz` tries many' }],
  },
});
