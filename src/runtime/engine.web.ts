/** Loads the one build of onnxruntime-web that this browser needs. Each build has several megabytes. */

import type { OrtModule } from './ort-session.ts';
import { withReferencedStreams } from './referenced-streams.web.ts';

/**
 * A build of the engine. `jspi` suspends WebAssembly by the browser's JSPI, `asyncify` by rewritten code;
 * both run graphs on WebGPU and on WebAssembly. `wasm` never suspends and runs graphs on WebAssembly only.
 */
export type EngineBuild = 'jspi' | 'asyncify' | 'wasm';

export interface Engine {
  readonly build: EngineBuild;
  /** Opens sessions one after another, and never while `inTurn` runs. */
  readonly ort: OrtModule;
  readonly threads: number;
  /** Set when the module has aborted: no session of it works any more. */
  failed: boolean;
  /** Runs `work` after all earlier work: the suspended calls of one WebAssembly module share its stack. */
  inTurn<Result>(work: () => Promise<Result>): Promise<Result>;
}

/**
 * The smallest build that runs graphs on `backend` in this browser. JSPI serves both backends, so a browser
 * that has it loads one engine, whichever backend is used.
 * Source: https://github.com/WebAssembly/js-promise-integration (`WebAssembly.Suspending`)
 */
export function engineBuild(backend: 'webgpu' | 'wasm'): EngineBuild {
  if ('Suspending' in WebAssembly) return 'jspi';
  return backend === 'webgpu' ? 'asyncify' : 'wasm';
}

const engines = new Map<EngineBuild, Promise<Engine>>();

/**
 * The engine of a build, fetched once. Its WebAssembly module starts with the first session.
 * @throws TypeError if its script cannot be fetched; a later call tries again
 */
export function loadEngine(build: EngineBuild): Promise<Engine> {
  const known = engines.get(build);
  if (known) return known;
  const engine = startEngine(build);
  engines.set(build, engine);
  engine.catch(() => engines.delete(build));
  return engine;
}

async function startEngine(build: EngineBuild): Promise<Engine> {
  const { ort, wasm, mjs } = await LOADERS[build]();
  const threads = threadCount();
  ort.env.wasm.wasmPaths = { wasm, mjs };
  ort.env.wasm.numThreads = threads;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <Result>(work: () => Promise<Result>): Promise<Result> => {
    const done = last.then(work);
    last = done.catch(() => undefined);
    return done;
  };
  const InferenceSession: OrtModule['InferenceSession'] = {
    create: (model, options) =>
      inTurn(() => withReferencedStreams(options, (safe) => ort.InferenceSession.create(model, safe))),
  };
  return { build, ort: { InferenceSession, Tensor: ort.Tensor }, threads, failed: false, inTurn };
}

/** Bundlers find the files of the engine only in these forms. */
const LOADERS = {
  jspi: async () => {
    const [ort, { default: wasm }, { default: mjs }] = await Promise.all([
      import('onnxruntime-web/jspi'),
      import('onnxruntime-web/ort-wasm-simd-threaded.jspi.wasm?url&no-inline'),
      import('onnxruntime-web/ort-wasm-simd-threaded.jspi.mjs?url&no-inline'),
    ]);
    return { ort, wasm, mjs };
  },
  asyncify: async () => {
    const [ort, { default: wasm }, { default: mjs }] = await Promise.all([
      import('onnxruntime-web/webgpu'),
      import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url&no-inline'),
      import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url&no-inline'),
    ]);
    return { ort, wasm, mjs };
  },
  wasm: async () => {
    const [ort, { default: wasm }, { default: mjs }] = await Promise.all([
      import('onnxruntime-web/wasm'),
      import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url&no-inline'),
      import('onnxruntime-web/ort-wasm-simd-threaded.mjs?url&no-inline'),
    ]);
    return { ort, wasm, mjs };
  },
} as const;

/** WebAssembly threads need a cross-origin isolated page. More than eight make no graph faster. */
function threadCount(): number {
  return self.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency || 1) : 1;
}
