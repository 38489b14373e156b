import { cp, writeFile } from 'node:fs/promises';
import { defaultClientConditions, defineConfig, type Plugin } from 'vite';
import { thirdPartyNotices } from './scripts/third-party-notices.ts';

const OUT = 'dist-library';
const MODEL = 'public/models/storybook';

/** How Vite writes `new Worker(new URL(…))`. Other bundlers do not find the worker's file in this form. */
const WORKER_BY_VITE =
  /new Worker\(new URL\(\s*\/\* @vite-ignore \*\/\s*new URL\("([^"]+)", import\.meta\.url\)\.href,\s*"" \+ import\.meta\.url\s*\)/;

const notices = thirdPartyNotices();

/** Writes the worker's address in the form that other bundlers recognize. */
function recognizableWorker(): Plugin {
  return {
    name: 'recognizable-worker',
    enforce: 'post',
    generateBundle(_, bundle) {
      for (const file of Object.values(bundle)) {
        if (file.type !== 'chunk' || !file.isEntry) continue;
        if (!WORKER_BY_VITE.test(file.code))
          this.error('The entry does not start the worker in the form that Vite writes.');
        file.code = file.code.replace(WORKER_BY_VITE, 'new Worker(new URL("./$1", import.meta.url)');
      }
    },
  };
}

function modelAndTypes(): Plugin {
  return {
    name: 'model-and-types',
    writeBundle: async () => {
      await cp(MODEL, `${OUT}/models/storybook`, { recursive: true });
      await writeFile(`${OUT}/omnigen2.d.ts`, "export * from './types/library/omnigen2.js';\n");
    },
  };
}

/** Builds `src/library` as an ES module, with its worker, the engine's files and the built-in model. */
export default defineConfig({
  // Addresses of files are relative to the module.
  base: './',
  publicDir: false,
  plugins: [notices.page, recognizableWorker(), modelAndTypes()],
  resolve: { conditions: ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions] },
  worker: {
    format: 'es',
    plugins: () => [notices.worker()],
    // One file. Vite's dev server adds a query to the worker's address, so a chunk that imports the worker's
    // file would run it a second time.
    rolldownOptions: { output: { codeSplitting: false } },
  },
  build: {
    target: 'es2023',
    outDir: OUT,
    chunkSizeWarningLimit: 1500,
    lib: { entry: 'src/library/omnigen2.ts', formats: ['es'], fileName: 'omnigen2' },
    rolldownOptions: {
      output: {
        assetFileNames: ({ originalFileNames: [file] }) =>
          file?.startsWith(`${MODEL}/`) ? file.slice('public/'.length) : 'assets/[name]-[hash][extname]',
      },
    },
  },
});
