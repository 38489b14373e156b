/** The interface to onnxruntime-web and onnxruntime-node: open a graph, run it, free it. */

import type { BuiltGraph, DerivedTensor, ElementType, WeightSlice } from '../onnx/graph.ts';

/** Typed arrays of the element types. float16 values are raw 16-bit patterns in a Uint16Array. */
export type TensorData = Float32Array | Uint16Array | Int32Array | BigInt64Array | Uint8Array;

/** A tensor in main memory, row-major. */
export interface HostTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** A tensor that stays on the device that computed it, such as in GPU memory. */
export interface ResidentTensor {
  readonly type: ElementType;
  readonly dims: readonly number[];
  /** Frees its memory. The tensor must not be used afterwards. */
  dispose(): void;
}

/** Feeds of a run by input name. A run does not free resident tensors. They come from the same runtime. */
export type Inputs = Readonly<Record<string, HostTensor | ResidentTensor>>;

/** An opened graph. The caller starts one run at a time and calls nothing after `dispose`. */
export interface GraphSession {
  readonly name: string;
  /** Runs the graph. Returns its outputs by name, without the resident ones, which are freed at once. */
  run(inputs: Inputs): Promise<Record<string, HostTensor>>;
  /** Runs the graph. Returns the resident outputs (`BuiltGraph.resident`) too; the caller disposes them. */
  runResident(inputs: Inputs): Promise<RunOutputs>;
  dispose(): Promise<void>;
}

/** Outputs of a run by name: those in main memory, and those that stay on the device. */
export interface RunOutputs {
  readonly outputs: Record<string, HostTensor>;
  readonly resident: Record<string, ResidentTensor>;
}

/** Opens built graphs on one backend. The caller opens one graph at a time. */
export interface Runtime {
  readonly backend: 'node' | 'wasm' | 'webgpu';
  /** Whether graphs may compute in float16 (webgpu with `shader-f16`). */
  readonly halfPrecision: boolean;
  /**
   * Opens a graph with its weights.
   * @param weights source of the slices and derived tensors that the graph points to
   * @throws OmniError `device` if the engine cannot open the graph. Runs of the session throw it too.
   */
  open(graph: BuiltGraph, weights: WeightBytes): Promise<GraphSession>;
  /** Memory that models may take on this backend, in bytes. Default: no limit. */
  readonly budgetBytes?: number;
  /** The kernels that proved fastest on this device. Default: the plain ones. */
  kernels?: Kernels;
  /** What a report about speed says about the device. Default: the backend alone. */
  readonly facts?: DeviceFacts;
  dispose(): Promise<void>;
}

/** How the products of a large model are computed on a GPU. `omnigen2/device/kernel-race.ts` chooses it. */
export interface Kernels {
  readonly compute: 'float32' | 'float16';
  /** Whether the transformer's widths are padded to multiples that fast kernels need. */
  readonly padded: boolean;
  /** 4: products with quantized matrices round their input to 8 bits. */
  readonly accuracyLevel?: 4;
}

/** A GPU, as WebGPU describes it. */
export interface DeviceFacts {
  /** Vendor, architecture, device and driver. */
  readonly adapter: Readonly<Record<string, string | number>>;
  readonly limits: Readonly<Record<string, number>>;
  /** The features that the device was opened with. */
  readonly features: readonly string[];
  /** The features that the adapter offers. */
  readonly offered: readonly string[];
}

/** Source of the bytes that a graph's external data points to. */
export interface WeightBytes {
  /** The folder of the files on disk. An engine that reads files itself needs no slices. */
  readonly directory?: string;
  /** A range of a checkpoint file: in memory, or a Blob that the engine reads in pieces. */
  slice(range: WeightSlice): Promise<Uint8Array | Blob>;
  /** The bytes of a derived tensor. */
  derived(tensor: DerivedTensor): Promise<Uint8Array>;
}
