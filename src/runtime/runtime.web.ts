/** Runs graphs with onnxruntime-web in a worker: on WebGPU where it works, else on the processor by WebAssembly. */

import { OmniError } from '../errors.ts';
import type { BuiltGraph } from '../onnx/graph.ts';
import { acquireDevice, type GpuDevice } from './device.web.ts';
import { type OrtModule, openOrtSession } from './ort-session.ts';
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
    if (backend === 'webgpu' || !(error instanceof OmniError)) throw error;
    return startWasm(error.message);
  }
}

async function startWebGpu(strictGpu: boolean): Promise<WebRuntime> {
  const gpu = await acquireDevice();
  const [ort, { default: wasm }, { default: mjs }] = await Promise.all([
    import('onnxruntime-web/webgpu'),
    import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.wasm?url'),
    import('onnxruntime-web/ort-wasm-simd-threaded.asyncify.mjs?url'),
  ]);
  ort.env.wasm.wasmPaths = { wasm, mjs };
  ort.env.wasm.numThreads = threadCount();
  const runtime = new WebGpuRuntime(ort, gpu, strictGpu);
  try {
    await smokeRun(runtime);
  } catch (cause) {
    await runtime.dispose();
    throw cause;
  }
  return runtime;
}

async function startWasm(reason?: string): Promise<WebRuntime> {
  const [ort, { default: wasm }, { default: mjs }] = await Promise.all([
    import('onnxruntime-web/wasm'),
    import('onnxruntime-web/ort-wasm-simd-threaded.wasm?url'),
    import('onnxruntime-web/ort-wasm-simd-threaded.mjs?url'),
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
  readonly #ort: OrtModule;

  constructor(ort: OrtModule, threads: number, reason?: string) {
    this.#ort = ort;
    this.description = threads === 1 ? '1 processor thread' : `${threads} processor threads`;
    this.reason = reason;
  }

  async open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    try {
      const options = { executionProviders: ['wasm'], logSeverityLevel: 3 } as const;
      return await openOrtSession(this.#ort, graph, weights, options, async (work) => {
        const result = await work();
        await nextTask();
        return result;
      });
    } catch (cause) {
      throw openError(graph, cause);
    }
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
  readonly #ort: OrtModule;
  readonly #gpu: GpuDevice;
  readonly #strict: boolean;

  constructor(ort: OrtModule, gpu: GpuDevice, strict: boolean) {
    this.#ort = ort;
    this.#gpu = gpu;
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
    try {
      return await this.#gpu.checked(`opening the graph "${graph.name}"`, () =>
        openOrtSession(this.#ort, graph, weights, options, (work) =>
          this.#gpu.checked(`running the graph "${graph.name}"`, work),
        ),
      );
    } catch (cause) {
      throw openError(graph, cause);
    }
  }

  async dispose(): Promise<void> {
    this.#gpu.destroy();
  }
}

function openError(graph: BuiltGraph, cause: unknown): OmniError {
  if (cause instanceof OmniError) return cause;
  return new OmniError({
    code: 'device',
    message: `The graph "${graph.name}" could not be opened on this device.`,
    action: 'Close other tabs that use much memory and try again, or choose a smaller form of the model.',
    cause,
  });
}
