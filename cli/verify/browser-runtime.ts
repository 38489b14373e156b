/** A runtime whose graphs run in a real Chromium, on WebAssembly or on WebGPU with a software adapter. */

import { chromium, type Page } from '@playwright/test';
import type { Plugin } from 'vite';
import type { ResidentTensorId, SentGraph, SentTensor } from '../../e2e/harness/messages.ts';
import { CHROMIUM_FLAGS, SOFTWARE_WEBGPU_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { OmniError } from '../../src/errors.ts';
import type { BuiltGraph, ElementType } from '../../src/onnx/graph.ts';
import type {
  GraphSession,
  HostTensor,
  Inputs,
  ResidentTensor,
  RunOutputs,
  Runtime,
  TensorData,
  WeightBytes,
} from '../../src/runtime/types.ts';
import { startDevServer } from '../dev-server.ts';

/** Holds bytes in transit between Node and the page, by ID. Each can be taken once. */
class ByteStore {
  readonly #bytes = new Map<number, Uint8Array>();
  #next = 0;

  put(bytes: Uint8Array): number {
    this.#bytes.set(this.#next, bytes);
    return this.#next++;
  }

  take(id: number): Uint8Array | undefined {
    const bytes = this.#bytes.get(id);
    this.#bytes.delete(id);
    return bytes;
  }
}

function byteStorePlugin(store: ByteStore): Plugin {
  return {
    name: 'byte-store',
    configureServer(server) {
      server.middlewares.use('/bytes', (request, response) => {
        if (request.method === 'POST') {
          const chunks: Buffer[] = [];
          request.on('data', (chunk: Buffer) => chunks.push(chunk));
          request.on('end', () => response.end(String(store.put(Buffer.concat(chunks)))));
          return;
        }
        const bytes = store.take(Number(request.url?.slice(1)));
        if (!bytes) response.statusCode = 404;
        response.end(bytes);
      });
    },
  };
}

/**
 * Starts Chromium, and onnxruntime in a page of it.
 * @param strictGpu rejects WebGPU graphs with an operator that would run on the processor
 */
export async function browserRuntime(
  backend: 'wasm' | 'webgpu',
  { strictGpu = false } = {},
): Promise<Runtime> {
  const store = new ByteStore();
  const server = await startDevServer([byteStorePlugin(store)]);
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [...CHROMIUM_FLAGS, ...(backend === 'webgpu' ? SOFTWARE_WEBGPU_FLAGS : [])],
  });
  const page = await browser.newPage();
  const close = async () => {
    await browser.close();
    await server.close();
  };
  try {
    await page.goto(`${server.address}e2e/harness/index.html`);
    await page.waitForFunction(() => globalThis.harness !== undefined);
    const { halfPrecision } = await inPage(() =>
      page.evaluate(([b, s]) => globalThis.harness?.start(b, s), [backend, strictGpu] as const),
    );
    return new BrowserRuntime(backend, halfPrecision, page, store, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function inPage<T>(work: () => Promise<T | undefined>): Promise<T> {
  try {
    const result = await work();
    if (result === undefined) throw new Error('the harness page was reloaded');
    return result;
  } catch (cause) {
    throw new OmniError({
      code: 'device',
      message: `The browser reported: ${(cause as Error).message.split('\n', 1)[0]}`,
      action: 'Run the same case with --backend node to see whether the graph or the engine is at fault.',
      cause,
    });
  }
}

class BrowserRuntime implements Runtime {
  readonly backend: 'wasm' | 'webgpu';
  readonly halfPrecision: boolean;
  readonly #page: Page;
  readonly #store: ByteStore;
  readonly #close: () => Promise<void>;

  constructor(
    backend: 'wasm' | 'webgpu',
    halfPrecision: boolean,
    page: Page,
    store: ByteStore,
    close: () => Promise<void>,
  ) {
    this.backend = backend;
    this.halfPrecision = halfPrecision;
    this.#page = page;
    this.#store = store;
    this.#close = close;
  }

  async open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession> {
    const external: Record<string, number> = {};
    for (const slice of graph.slices) {
      const data = await weights.slice(slice);
      external[slice.key] = this.#store.put(
        data instanceof Uint8Array ? data : new Uint8Array(await data.arrayBuffer()),
      );
    }
    for (const tensor of graph.derived) external[tensor.key] = this.#store.put(await weights.derived(tensor));
    const { serialize, ...rest } = graph;
    const sent: SentGraph = { graph: rest, model: this.#store.put(serialize('slices')), external };
    const id = await inPage(() => this.#page.evaluate((s) => globalThis.harness?.open(s), sent));
    return {
      name: graph.name,
      run: async (inputs) => {
        const { outputs, resident } = await this.#run(id, inputs);
        for (const tensor of Object.values(resident)) tensor.dispose();
        return outputs;
      },
      runResident: (inputs) => this.#run(id, inputs),
      dispose: () => this.#page.evaluate((session) => globalThis.harness?.dispose(session), id),
    };
  }

  async #run(id: number, inputs: Inputs): Promise<RunOutputs> {
    const sent: Record<string, SentTensor | ResidentTensorId> = {};
    for (const [name, input] of Object.entries(inputs)) {
      const { type, dims } = input;
      if (input instanceof PageTensor) sent[name] = { type, dims, resident: input.id };
      else if ('data' in input) sent[name] = { type, dims, bytes: this.#store.put(bytesOf(input.data)) };
    }
    const results = await inPage(() =>
      this.#page.evaluate(([session, feeds]) => globalThis.harness?.run(session, feeds), [id, sent] as const),
    );
    const outputs: Record<string, HostTensor> = {};
    for (const [name, { type, dims, bytes }] of Object.entries(results.outputs)) {
      // Copied: small Node buffers share one block of memory, and their slice() returns a view of it.
      const raw = new Uint8Array(this.#store.take(bytes) as Uint8Array);
      outputs[name] = { type, dims, data: type === 'float32' ? new Float32Array(raw.buffer) : raw };
    }
    const resident: Record<string, ResidentTensor> = {};
    for (const [name, tensor] of Object.entries(results.resident)) {
      resident[name] = new PageTensor(this.#page, tensor.type, tensor.dims, tensor.resident);
    }
    return { outputs, resident };
  }

  dispose(): Promise<void> {
    return this.#close();
  }
}

/** A tensor that is resident in the page. */
class PageTensor implements ResidentTensor {
  readonly #page: Page;
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly id: number;

  constructor(page: Page, type: ElementType, dims: readonly number[], id: number) {
    this.#page = page;
    this.type = type;
    this.dims = dims;
    this.id = id;
  }

  dispose(): void {
    // Not awaited: the page handles calls in order.
    void this.#page.evaluate((id) => globalThis.harness?.freeTensor(id), this.id);
  }
}

function bytesOf(data: TensorData): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}
