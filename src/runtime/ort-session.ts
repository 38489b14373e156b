/** A graph session on either onnxruntime package; both speak the types of onnxruntime-common. */

import type { InferenceSession, Tensor, TensorConstructor } from 'onnxruntime-common';
import type { BuiltGraph, ElementType } from '../onnx/graph.ts';
import type { GraphSession, HostTensor, TensorData, WeightBytes } from './types.ts';

/** The part of an onnxruntime package that sessions need. */
export interface OrtModule {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<InferenceSession>;
  };
  readonly Tensor: TensorConstructor;
}

/** Opens `graph` with its external data. Throws whatever the engine throws; the caller words it. */
export async function openOrtSession(
  ort: OrtModule,
  graph: BuiltGraph,
  weights: WeightBytes,
  options: InferenceSession.SessionOptions,
): Promise<GraphSession> {
  const externalData: { path: string; data: Uint8Array | Blob }[] = [];
  for (const path of graph.files) externalData.push({ path, data: await weights.file(path) });
  if (graph.derived.length > 0) {
    externalData.push({ path: graph.derivedFile, data: await weights.derived(graph) });
  }
  const session = await ort.InferenceSession.create(graph.model, { ...options, externalData });
  return new OrtSession(ort, graph, session);
}

class OrtSession implements GraphSession {
  readonly name: string;
  readonly #ort: OrtModule;
  readonly #graph: BuiltGraph;
  readonly #session: InferenceSession;

  constructor(ort: OrtModule, graph: BuiltGraph, session: InferenceSession) {
    this.name = graph.name;
    this.#ort = ort;
    this.#graph = graph;
    this.#session = session;
  }

  async run(inputs: Readonly<Record<string, HostTensor>>): Promise<Record<string, HostTensor>> {
    const feeds: Record<string, Tensor> = {};
    for (const { name } of this.#graph.inputs) {
      const tensor = inputs[name];
      if (!tensor) throw new Error(`graph ${this.name} was run without its input ${name}`);
      feeds[name] = new this.#ort.Tensor(tensor.type as 'float32', tensor.data as Float32Array, tensor.dims);
    }
    const results = await this.#session.run(feeds);
    const outputs: Record<string, HostTensor> = {};
    for (const [name, tensor] of Object.entries(results)) {
      outputs[name] = {
        type: tensor.type as ElementType,
        dims: tensor.dims,
        data: (await tensor.getData()) as TensorData,
      };
      tensor.dispose();
    }
    return outputs;
  }

  async dispose(): Promise<void> {
    await this.#session.release();
  }
}
