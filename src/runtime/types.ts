/** The one interface behind which onnxruntime-web and onnxruntime-node run a graph. */

import type { BuiltGraph, ElementType } from '../onnx/graph.ts';

/** Typed arrays that carry each element type. float16 travels as raw 16-bit patterns. */
export type TensorData = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor in main memory, row-major. */
export interface HostTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** A tensor that stays where it was computed, such as in GPU memory. */
export interface ResidentTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Frees its memory; it may not be used afterwards. */
  dispose(): void;
}

/** Inputs of a run by name. Resident ones must come from the same runtime; a run does not use them up. */
export type Inputs = Readonly<Record<string, HostTensor | ResidentTensor>>;

/** An opened graph. Runs are serialised by the caller; after `dispose` nothing may be called. */
export interface GraphSession {
  readonly name: string;
  /** Runs the graph and gives its outputs by name; those that `BuiltGraph.resident` names are freed at once. */
  run(inputs: Inputs): Promise<Record<string, HostTensor>>;
  /** Runs the graph and keeps the outputs that `BuiltGraph.resident` names; they are the caller's to dispose. */
  runKeeping(inputs: Inputs): Promise<KeptOutputs>;
  dispose(): Promise<void>;
}

/** What a run gives, by name. */
export interface KeptOutputs {
  readonly outputs: Record<string, HostTensor>;
  readonly resident: Record<string, ResidentTensor>;
}

/** Opens built graphs, one at a time, on one backend. */
export interface Runtime {
  readonly backend: 'node' | 'wasm' | 'webgpu';
  /** Whether graphs may compute in float16 (webgpu with `shader-f16`). */
  readonly halfPrecision: boolean;
  /** How block-quantized matrices run: as stored, or widened to float32 while loading. */
  readonly quantized: 'native' | 'widened';
  /**
   * Opens a graph with its weights.
   * @param weights gives the bytes of the files and derived tensors that the graph points to.
   * @throws OmniError `device` if the graph does not fit; so do the runs of its session.
   */
  open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession>;
  dispose(): Promise<void>;
}

/** Hands a runtime the bytes that a graph's external data points to. */
export interface WeightBytes {
  /** All bytes of one file of the checkpoint: in memory, or a Blob that the engine reads piece by piece. */
  file(path: string): Promise<Uint8Array | Blob>;
  /** The bytes of the graph's derived tensors, one after another as `BuiltGraph.derived` lays them out. */
  derived(graph: BuiltGraph): Promise<Uint8Array>;
}
