/** Runs single graphs in a real browser for the command line: the page side. */

import { startWebRuntime, type WebRuntime } from '../../src/runtime/runtime.web.ts';
import type { GraphSession, HostTensor, ResidentTensor, TensorData } from '../../src/runtime/types.ts';
import type { ResidentTensorId, SentTensor } from './messages.ts';

let runtime: WebRuntime | undefined;
const sessions = new Map<number, GraphSession>();
const tensors = new Map<number, ResidentTensor>();
let next = 0;

async function receive(id: number): Promise<Uint8Array<ArrayBuffer>> {
  const response = await fetch(`/bytes/${id}`);
  if (!response.ok) throw new Error(`bytes ${id}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

async function send(data: TensorData): Promise<number> {
  const body = new Uint8Array(data.buffer as ArrayBuffer, data.byteOffset, data.byteLength);
  const response = await fetch('/bytes', { method: 'POST', body });
  return Number(await response.text());
}

const ARRAYS = {
  float32: Float32Array,
  float16: Uint16Array,
  bfloat16: Uint16Array,
  int32: Int32Array,
  int64: BigInt64Array,
  uint8: Uint8Array,
  bool: Uint8Array,
} as const;

async function receiveTensor({ type, dims, bytes }: SentTensor): Promise<HostTensor> {
  const { buffer } = await receive(bytes);
  return { type, dims, data: new ARRAYS[type](buffer) };
}

globalThis.harness = {
  async start(backend, strictGpu) {
    runtime = await startWebRuntime({ backend, strictGpu });
    return { description: runtime.description, halfPrecision: runtime.halfPrecision };
  },
  async open({ graph, model, external }) {
    if (!runtime) throw new Error('start first');
    const bytes = await receive(model);
    const session = await runtime.open(
      { ...graph, serialize: () => bytes },
      {
        slice: ({ key }) => receive(external[key]),
        derived: ({ key }) => receive(external[key]),
      },
    );
    sessions.set(next, session);
    return next++;
  },
  async run(id, inputs) {
    const feeds: Record<string, HostTensor | ResidentTensor> = {};
    for (const [name, tensor] of Object.entries(inputs)) {
      feeds[name] =
        'resident' in tensor ? (tensors.get(tensor.resident) as ResidentTensor) : await receiveTensor(tensor);
    }
    const given = await (sessions.get(id) as GraphSession).runResident(feeds);
    const outputs: Record<string, SentTensor> = {};
    for (const [name, { type, dims, data }] of Object.entries(given.outputs)) {
      outputs[name] = { type, dims, bytes: await send(data) };
    }
    const resident: Record<string, ResidentTensorId> = {};
    for (const [name, tensor] of Object.entries(given.resident)) {
      tensors.set(next, tensor);
      resident[name] = { type: tensor.type, dims: tensor.dims, resident: next++ };
    }
    return { outputs, resident };
  },
  freeTensor(id) {
    tensors.get(id)?.dispose();
    tensors.delete(id);
  },
  async dispose(id) {
    await sessions.get(id)?.dispose();
    sessions.delete(id);
  },
};
