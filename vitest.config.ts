import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: [
      'src/**/*.test.ts',
      'src/**/*.test.tsx',
      'cli/**/*.test.ts',
      'scripts/**/*.test.ts',
      'training/**/*.test.ts',
    ],
    // Graphs use all processors, so files in parallel would only slow each other down.
    fileParallelism: false,
    testTimeout: 60_000,
  },
});
