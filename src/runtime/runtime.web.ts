/** Runs graphs with onnxruntime-web in a worker: on WebGPU where it works, else on the processor by WebAssembly. */

import { OmniError, reportOf } from '../errors.ts';
import type { BuiltGraph } from '../onnx/graph.ts';
import { acquireDevice, type GpuDevice } from './device.web.ts';
import { type AroundRun, type OrtModule, openOrtSession } from './ort-session.ts';
import { smokeRun } from './smoke.ts';
import type { GraphSession, Runtime, WeightBytes } from './types.ts';

export interface WebRuntimeOptions {
  readonly backend: 'auto' | 'webgpu' | 'wasm';
  /** Refuse to run any operator of a WebGPU graph on the processor: the proof that a graph is wholly on the GPU. */
  readonly strictGpu?: boolean;
}

export interface WebRuntime extends Runtime {
  readonly backend: 'webgpu' | 'wasm';
  /** For a person: the GPU's name, or the number of threads. */
  readonly description: string;
  /** Why WebGPU is not used, where it was wanted. */
  readonly reason?: string;
  /** Settles when the device is gone, whether it was lost or disposed of; a processor never is. */
  readonly lost: Promise<void>;
  /** Whether the engine itself has broken down. Its WebAssembly module is one a worker: only a new worker brings it back. */
  readonly brokenDown: boolean;
}

/**
 * Starts the engine on the wanted backend. `auto` falls back to WebAssembly and says why.
 * @throws OmniError `device` if `webgpu` was asked for and cannot be had
 */
export async function startWebRuntime({
  backend,
  strictGpu = false,
}: WebRuntimeOptions): Promise<WebRuntime> {
  if (backend === 'wasm') return startWasm();
  try {
    return await startWebGpu(strictGpu);
  } catch (error) {
    if (backend === 'webgpu') throw error;
    return startWasm(reportOf(error, 'Starting the graphics processor').message);
  }
}

async function startWebGpu(strictGpu: boolean): Promise<WebRuntime> {
  const gpu = await acquireDevice();
  try {
    const [ort, { default: wasm }, { default: mjs }] = await Promise.all([
      import('onnxruntime-web/webgpu'),
      import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url&no-inline'),
      import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url&no-inline'),
    ]);
    ort.env.wasm.wasmPaths = { wasm, mjs };
    ort.env.wasm.numThreads = threadCount();
    const runtime = new WebGpuRuntime(ort, gpu, strictGpu);
    await smokeRun(runtime);
    return runtime;
  } catch (cause) {
    gpu.destroy();
    throw cause;
  }
}

async function startWasm(reason?: string): Promise<WebRuntime> {
  const [ort, { default: wasm }, { default: mjs }] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url&no-inline'),
    import('onnxruntime-web/ort-wasm-simd-threaded.mjs?url&no-inline'),
  ]);
  ort.env.wasm.wasmPaths = { wasm, mjs };
  const threads = threadCount();
  ort.env.wasm.numThreads = threads;
  return new WasmRuntime(ort, threads, reason);
}

/** WebAssembly threads need a cross-origin isolated page; more than eight do not help. */
function threadCount(): number {
  return self.crossOriginIsolated ? Math.min(8, navigator.hardwareConcurrency || 1) : 1;
}

class WasmRuntime implements WebRuntime {
  readonly backend = 'wasm';
  readonly halfPrecision = false;
  readonly quantized = 'widened';
  readonly description: string;
  readonly reason?: string;
  readonly lost = new Promise<void>(() => undefined);
  brokenDown = false;
  readonly #ort: OrtModule;

  constructor(ort: OrtModule, threads: number, reason?: string) {
    this.#ort = ort;
    this.description = threads === 1 ? '1 processor thread' : `${threads} processor threads`;
    this.reason = reason;
  }

  async open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    // An arena would keep each session's largest memory for ever, in a heap that all of them share.
    const options = { executionProviders: ['wasm'], enableCpuMemArena: false, logSeverityLevel: 3 } as const;
    const watched: AroundRun = async (work) => {
      try {
        return await work();
      } catch (error) {
        // Its memory only grows, and after an abort nothing in it can be trusted.
        this.brokenDown ||= error instanceof OmniError && error.code === 'device';
        throw error;
      }
    };
    return watched(() =>
      openOrtSession(this.#ort, graph, weights, options, async (work) => {
        const result = await watched(work);
        await nextTask();
        return result;
      }),
    );
  }

  async dispose(): Promise<void> {}
}

/**
 * Waits for the event loop to come round. The engine on WebAssembly computes without ever returning to it: without this,
 * run after run, the message that cancels a job would be heard only when the job is over.
 */
function nextTask(): Promise<void> {
  return new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = () => {
      port1.close();
      resolve();
    };
    port2.postMessage(undefined);
  });
}

class WebGpuRuntime implements WebRuntime {
  readonly backend = 'webgpu';
  readonly quantized = 'native';
  readonly lost: Promise<void>;
  brokenDown = false;
  readonly #ort: OrtModule;
  readonly #gpu: GpuDevice;
  readonly #strict: boolean;

  constructor(ort: OrtModule, gpu: GpuDevice, strict: boolean) {
    this.#ort = ort;
    this.#gpu = gpu;
    this.lost = gpu.lost;
    this.#strict = strict;
  }

  get halfPrecision(): boolean {
    return this.#gpu.halfPrecision;
  }

  get description(): string {
    return this.#gpu.description;
  }

  async open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    const options = {
      // The engine's types know the option `device` only by the name of the DOM's GPUDevice.
      executionProviders: [{ name: 'webgpu', device: this.#gpu.device }],
      logSeverityLevel: 3,
      preferredOutputLocation: Object.fromEntries(
        graph.resident.map((name) => [name, 'gpu-buffer'] as const),
      ),
      ...(this.#strict ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
    } as const;
    const watched = <T>(doing: string, work: () => Promise<T>) =>
      this.#gpu.checked(`${doing} the graph "${graph.name}"`, () =>
        work().catch((error: unknown) => {
          this.brokenDown ||= error instanceof OmniError && isAbortOfEngine(error.cause);
          throw error;
        }),
      );
    return watched('opening', () =>
      openOrtSession(this.#ort, graph, weights, options, (work) => watched('running', work)),
    );
  }

  async dispose(): Promise<void> {
    this.#gpu.destroy();
  }
}

/** Whether the engine's WebAssembly module has aborted, rather than refused something: then it throws no plain Error. */
function isAbortOfEngine(cause: unknown): boolean {
  return cause !== undefined && (cause instanceof WebAssembly.RuntimeError || !(cause instanceof Error));
}
