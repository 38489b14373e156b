/** A graph session on onnxruntime-web or onnxruntime-node. Both use the types of onnxruntime-common. */

import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { BuiltGraph, ElementType } from '../onnx/graph.ts';
import { engineError } from './engine-error.ts';
import type {
  GraphSession,
  HostTensor,
  Inputs,
  ResidentTensor,
  RunOutputs,
  TensorData,
  WeightBytes,
} from './types.ts';

/** The part of an onnxruntime package that sessions need. */
export interface OrtModule {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/** A backend's wrapper of each run: it checks for errors of the device, or yields to the event loop. */
export type RunWrapper = <T>(work: () => Promise<T>) => Promise<T>;

/**
 * Opens `graph` with its external data.
 * @throws OmniError `device` if the engine cannot open the graph, and errors of `weights`. Runs of the
 * session throw OmniError `device` too.
 */
export async function openOrtSession(
  ort: OrtModule,
  graph: BuiltGraph,
  weights: WeightBytes,
  options: InferenceSession.SessionOptions,
  around: RunWrapper = (work) => work(),
): Promise<GraphSession> {
  const externalData: { path: string; data: Uint8Array | Blob }[] = [];
  for (const slice of graph.slices) externalData.push({ path: slice.key, data: await weights.slice(slice) });
  for (const tensor of graph.derived) {
    externalData.push({ path: tensor.key, data: await weights.derived(tensor) });
  }
  const withData = externalData.length > 0 ? { ...options, externalData } : options;
  return createOrtSession(ort, graph, graph.serialize('slices'), withData, around);
}

/**
 * Opens a graph whose external data the engine reads from files, or whose data is in `options`.
 * @param model the graph, serialised
 * @throws OmniError see {@link openOrtSession}
 */
export async function createOrtSession(
  ort: OrtModule,
  graph: BuiltGraph,
  model: Uint8Array,
  options: InferenceSession.SessionOptions,
  around: RunWrapper = (work) => work(),
): Promise<GraphSession> {
  const session = await ort.InferenceSession.create(model, options).catch((cause: unknown) => {
    throw engineError(graph.name, 'opened', cause);
  });
  return new OrtSession(ort, graph, session, around);
}

/** A resident output of a run. */
class OrtTensor implements ResidentTensor {
  readonly tensor: Tensor;

  constructor(tensor: Tensor) {
    this.tensor = tensor;
  }

  get type(): ElementType {
    return this.tensor.type as ElementType;
  }

  get dims(): readonly number[] {
    return this.tensor.dims;
  }

  dispose(): void {
    this.tensor.dispose();
  }
}

class OrtSession implements GraphSession {
  readonly name: string;
  readonly #ort: OrtModule;
  readonly #graph: BuiltGraph;
  readonly #session: InferenceSession;
  readonly #around: RunWrapper;

  constructor(ort: OrtModule, graph: BuiltGraph, session: InferenceSession, around: RunWrapper) {
    this.name = graph.name;
    this.#ort = ort;
    this.#graph = graph;
    this.#session = session;
    this.#around = around;
  }

  async run(inputs: Inputs): Promise<Record<string, HostTensor>> {
    const { outputs, resident } = await this.runResident(inputs);
    for (const tensor of Object.values(resident)) tensor.dispose();
    return outputs;
  }

  async runResident(inputs: Inputs): Promise<RunOutputs> {
    const feeds = this.#feeds(inputs);
    return this.#around(() =>
      this.#compute(feeds).catch((cause: unknown) => {
        throw engineError(this.name, 'run', cause);
      }),
    );
  }

  async #compute(feeds: Record<string, Tensor>): Promise<RunOutputs> {
    const outputs: Record<string, HostTensor> = {};
    const resident: Record<string, ResidentTensor> = {};
    for (const [name, tensor] of Object.entries(await this.#session.run(feeds))) {
      if (this.#graph.resident.includes(name)) {
        resident[name] = new OrtTensor(tensor);
        continue;
      }
      const data = (await tensor.getData()) as TensorData;
      outputs[name] = { type: tensor.type as ElementType, dims: tensor.dims, data };
      tensor.dispose();
    }
    return { outputs, resident };
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }

  #feeds(inputs: Inputs): Record<string, Tensor> {
    const feeds: Record<string, Tensor> = {};
    for (const { name } of this.#graph.inputs) {
      const input = inputs[name];
      if (!input) throw new Error(`graph ${this.name} was run without its input ${name}`);
      if (input instanceof OrtTensor) feeds[name] = input.tensor;
      else if ('data' in input) {
        feeds[name] = new this.#ort.Tensor(input.type as 'float32', input.data as Float32Array, input.dims);
      } else throw new Error(`graph ${this.name}: the input ${name} belongs to another runtime`);
    }
    return feeds;
  }
}
