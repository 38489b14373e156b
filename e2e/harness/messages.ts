/** What the command line and the harness page say to each other. Bytes go by number through the server. */

import type { BuiltGraph, ElementType } from '../../src/onnx/graph.ts';

/** A tensor whose bytes lie on the server under `bytes`. */
export interface SentTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly bytes: number;
}

/** A tensor that stays in the page, by number. */
export interface KeptTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly kept: number;
}

/** What a run gives, by name. */
export interface SentOutputs {
  readonly outputs: Record<string, SentTensor>;
  readonly resident: Record<string, KeptTensor>;
}

/** A graph whose model, files and derived tensors lie on the server. */
export interface SentGraph {
  readonly graph: Omit<BuiltGraph, 'model'>;
  readonly model: number;
  readonly files: Readonly<Record<string, number>>;
  readonly derived?: number;
}

/** The functions that the page offers to `page.evaluate`. */
export interface Harness {
  start(
    backend: 'wasm' | 'webgpu',
    strictGpu: boolean,
  ): Promise<{ description: string; halfPrecision: boolean }>;
  open(sent: SentGraph): Promise<number>;
  run(session: number, inputs: Record<string, SentTensor | KeptTensor>): Promise<SentOutputs>;
  /** Frees a tensor that stayed in the page. */
  forget(kept: number): void;
  dispose(session: number): Promise<void>;
}

declare global {
  var harness: Harness | undefined;
}
