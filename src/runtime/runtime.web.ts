/** Runs graphs with onnxruntime-web in a worker: on WebGPU if it works, else on WebAssembly. */

import { type ErrorCode, OmniError, reportOf } from '../errors.ts';
import type { BuiltGraph } from '../onnx/graph.ts';
import { acquireDevice, type GpuDevice } from './device.web.ts';
import { type Engine, engineBuild, loadEngine } from './engine.web.ts';
import { openOrtSession, type RunWrapper } from './ort-session.ts';
import { smokeRun } from './smoke.ts';
import type { DeviceFacts, GraphSession, Kernels, Runtime, WeightBytes } from './types.ts';

export interface WebRuntimeOptions {
  readonly backend: 'auto' | 'webgpu' | 'wasm';
  /** Refuses to open a WebGPU graph with an operator that would run on the processor. Default: false. */
  readonly strictGpu?: boolean;
  /** Whether WebGPU sessions print each program that they start to the console. Default: false. */
  readonly logsPrograms?: boolean;
}

export interface WebRuntime extends Runtime {
  readonly backend: 'webgpu' | 'wasm';
  /** For a person: the GPU's name, or the number of threads. */
  readonly description: string;
  /** Why WebAssembly is used, if `auto` could not use WebGPU. */
  readonly reason?: string;
  /** Settles when the GPU device is lost or destroyed. Never settles on WebAssembly. */
  readonly lost: Promise<void>;
  /** Whether the engine's WebAssembly module has failed. Only a new worker gets a new one. */
  readonly engineFailed: boolean;
}

/**
 * Starts the engine on a backend. `auto` tries WebGPU, then WebAssembly, and gives the reason.
 * @throws OmniError `device` if the backend is `webgpu` and WebGPU does not work
 *
 * @example
 * const runtime = await startWebRuntime({ backend: 'auto' });
 * if (runtime.reason) console.log(`No WebGPU: ${runtime.reason}`);
 */
export async function startWebRuntime({
  backend,
  strictGpu = false,
  logsPrograms = false,
}: WebRuntimeOptions): Promise<WebRuntime> {
  if (backend === 'wasm') return startWasm();
  try {
    return await startWebGpu({ strictGpu, logsPrograms });
  } catch (error) {
    if (backend === 'webgpu') throw error;
    return startWasm(reportOf(error, 'Starting the graphics processor').message);
  }
}

type GpuOptions = Required<Pick<WebRuntimeOptions, 'strictGpu' | 'logsPrograms'>>;

async function startWebGpu(options: GpuOptions): Promise<WebRuntime> {
  const gpu = await acquireDevice();
  try {
    const runtime = new WebGpuRuntime(await loadEngine(engineBuild('webgpu')), gpu, options);
    await smokeRun(runtime);
    return runtime;
  } catch (cause) {
    gpu.destroy();
    throw cause;
  }
}

async function startWasm(reason?: string): Promise<WebRuntime> {
  const engine = await loadEngine(engineBuild('wasm'));
  // The build that both backends share may have aborted on WebGPU.
  return new WasmRuntime(engine.failed ? await loadEngine('wasm') : engine, reason);
}

/** Errors after which the engine's memory or its state cannot be trusted. */
const FAILURES: readonly ErrorCode[] = ['device', 'memory'];

/** The engine's heap ends at 4 GiB. A part of it is lost to fragments, because the heap never shrinks. */
const WASM_BUDGET_BYTES = 3.5e9;

class WasmRuntime implements WebRuntime {
  readonly backend = 'wasm';
  readonly budgetBytes = WASM_BUDGET_BYTES;
  readonly halfPrecision = false;
  readonly description: string;
  readonly reason?: string;
  readonly lost = new Promise<void>(() => undefined);
  readonly #engine: Engine;

  constructor(engine: Engine, reason?: string) {
    const { threads } = engine;
    this.#engine = engine;
    this.description = threads === 1 ? '1 processor thread' : `${threads} processor threads`;
    this.reason = reason;
  }

  get engineFailed(): boolean {
    return this.#engine.failed;
  }

  async open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    // An arena would hold the peak memory of each session until it closes, in a heap that all sessions share.
    const options = { executionProviders: ['wasm'], enableCpuMemArena: false, logSeverityLevel: 3 } as const;
    const watched: RunWrapper = async (work) => {
      try {
        return await work();
      } catch (error) {
        // WebAssembly memory never shrinks, and the module's state is unknown after an abort.
        this.#engine.failed ||= error instanceof OmniError && FAILURES.includes(error.code);
        throw error;
      }
    };
    return watched(() =>
      openOrtSession(this.#engine.ort, graph, weights, options, async (work) => {
        const result = await watched(() => this.#engine.inTurn(work));
        await nextTask();
        return result;
      }),
    );
  }

  async dispose(): Promise<void> {}
}

/**
 * Yields to the event loop. The engine on WebAssembly never does: without this, the message that cancels a
 * job would arrive when the job has ended.
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
  readonly lost: Promise<void>;
  kernels?: Kernels;
  readonly #engine: Engine;
  readonly #gpu: GpuDevice;
  readonly #options: GpuOptions;

  constructor(engine: Engine, gpu: GpuDevice, options: GpuOptions) {
    this.#engine = engine;
    this.#gpu = gpu;
    this.lost = gpu.lost;
    this.#options = options;
  }

  get engineFailed(): boolean {
    return this.#engine.failed;
  }

  get halfPrecision(): boolean {
    return this.#gpu.halfPrecision;
  }

  get description(): string {
    return this.#gpu.description;
  }

  get facts(): DeviceFacts {
    return this.#gpu.facts;
  }

  async open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    const options = {
      // The engine's types declare the option `device` with the DOM's GPUDevice.
      executionProviders: [{ name: 'webgpu', device: this.#gpu.device }],
      // The engine prints the names of programs as information.
      logSeverityLevel: this.#options.logsPrograms ? 1 : 3,
      preferredOutputLocation: Object.fromEntries(
        graph.resident.map((name) => [name, 'gpu-buffer'] as const),
      ),
      ...(this.#options.strictGpu ? { extra: { session: { disable_cpu_ep_fallback: '1' } } } : {}),
    } as const;
    const watched = <T>(doing: string, work: () => Promise<T>) =>
      this.#gpu.checked(`${doing} the graph "${graph.name}"`, () =>
        work().catch((error: unknown) => {
          this.#engine.failed ||= error instanceof OmniError && isAbortOfEngine(error.cause);
          throw error;
        }),
      );
    return watched('opening', () =>
      openOrtSession(this.#engine.ort, graph, weights, options, (work) =>
        watched('running', () => this.#engine.inTurn(work)),
      ),
    );
  }

  async dispose(): Promise<void> {
    this.#gpu.destroy();
  }
}

/** Whether the engine's WebAssembly module has aborted. Otherwise the engine throws a plain Error. */
function isAbortOfEngine(cause: unknown): boolean {
  return cause !== undefined && (cause instanceof WebAssembly.RuntimeError || !(cause instanceof Error));
}
