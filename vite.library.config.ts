import { cp, writeFile } from 'node:fs/promises';
import { defaultClientConditions, defineConfig } from 'vite';

const OUT = 'dist-library';

/** Builds `src/library` as one ES module with its worker, the engine's files and the built-in model beside it. */
export default defineConfig({
  // Everything is found relative to the module, wherever it is served from.
  base: './',
  publicDir: false,
  plugins: [
    {
      name: 'model-and-types',
      closeBundle: async () => {
        await cp('public/models/storybook', `${OUT}/models/storybook`, { recursive: true });
        await writeFile(`${OUT}/omnigen2.d.ts`, "export * from './types/library/omnigen2.js';\n");
      },
    },
  ],
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  worker: { format: 'es' },
  build: {
    target: 'es2023',
    outDir: OUT,
    chunkSizeWarningLimit: 1500,
    lib: { entry: 'src/library/omnigen2.ts', formats: ['es'], fileName: 'omnigen2' },
  },
});
