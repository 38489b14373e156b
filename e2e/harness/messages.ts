/**
 * Messages between the command line and the harness page. Bytes go through the server; messages hold their
 * IDs.
 */

import type { BuiltGraph, ElementType } from '../../src/onnx/graph.ts';

/** A tensor whose bytes the server has under the ID `bytes`. */
export interface SentTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly bytes: number;
}

/** A tensor that is resident in the page, by its ID there. */
export interface ResidentTensorId {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly resident: number;
}

/** The outputs of a run, by name. */
export interface SentOutputs {
  readonly outputs: Record<string, SentTensor>;
  readonly resident: Record<string, ResidentTensorId>;
}

/** A graph, with the IDs of its model and of its external data, by key, on the server. */
export interface SentGraph {
  readonly graph: Omit<BuiltGraph, 'serialize'>;
  readonly model: number;
  readonly external: Readonly<Record<string, number>>;
}

/** Functions of the page for `page.evaluate`. */
export interface Harness {
  start(
    backend: 'wasm' | 'webgpu',
    strictGpu: boolean,
  ): Promise<{ description: string; halfPrecision: boolean }>;
  open(sent: SentGraph): Promise<number>;
  run(session: number, inputs: Record<string, SentTensor | ResidentTensorId>): Promise<SentOutputs>;
  /** Frees a resident tensor. */
  freeTensor(id: number): void;
  dispose(session: number): Promise<void>;
}

declare global {
  var harness: Harness | undefined;
}
