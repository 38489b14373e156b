/**
 * How much memory a stage takes beside its weights: activations, scratch memory and the engine itself. The
 * constants are measured; docs/results/official-size.md compares plans with measured peaks.
 */

import type { Runtime } from '../../runtime/types.ts';
import { attentionParts, attentionWork } from '../diffusion/attention-parts.ts';
import { MAX_BUFFER_BYTES } from '../vae/strip-plan.ts';
import type { Footprint } from './footprint.ts';

type Backend = Runtime['backend'];

/** Rows of the streams of a drawing. */
export interface DrawRows {
  /** Tokens of the longer prompt. */
  readonly prompt: number;
  /** Rows of the noise latents. */
  readonly noise: number;
  /** Rows of the longest joint stream: prompt, references, noise. */
  readonly joint: number;
  /** Guidance branches of the first step. */
  readonly branches: number;
}

const FLOAT_BYTES = 4;

/**
 * Memory without any session: the process with the tokenizer and its code on Node, the heap of the engine on
 * WebAssembly, the GPU process of the browser on WebGPU.
 */
const BASE_BYTES: Readonly<Record<Backend, number>> = { node: 340e6, wasm: 30e6, webgpu: 370e6 };

export function baseBytes(backend: Backend): number {
  return BASE_BYTES[backend];
}

/** Memory of weights in open sessions: allocators round up. */
export function heldBytes(weightBytes: number): number {
  return 1.02 * weightBytes;
}

/** The largest matrix widened, activations of one decoder layer, and its attention. */
export function promptWorkBytes(footprint: Footprint, { prompt }: DrawRows): number {
  const { language } = footprint.config.mllm;
  const { hiddenSize, intermediateSize, numAttentionHeads, numHiddenLayers, numKeyValueHeads, headDim } =
    language;
  const activations = prompt * (6 * hiddenSize + 3 * intermediateSize) * FLOAT_BYTES;
  const cache = 2 * numHiddenLayers * numKeyValueHeads * headDim * prompt * FLOAT_BYTES;
  const scores = numAttentionHeads * prompt * prompt * FLOAT_BYTES;
  return footprint.widenedMatrixBytes + activations + cache + scores;
}

/** The largest matrix widened, activations of one layer, its attention, and the streams of all branches. */
export function denoiseWorkBytes(footprint: Footprint, { joint, branches }: DrawRows): number {
  const { hiddenSize, feedForwardDim, numAttentionHeads, headDim } = footprint.config.transformer;
  const parts = attentionParts(attentionWork(footprint.backend), headDim, joint);
  const activations = joint * (10 * hiddenSize + 3 * feedForwardDim) * FLOAT_BYTES;
  const scores = (numAttentionHeads * joint * joint * FLOAT_BYTES) / parts;
  const streams = 2 * branches * joint * hiddenSize * FLOAT_BYTES;
  return footprint.widenedMatrixBytes + activations + scores + streams;
}

/** Feature maps of the VAE. Larger pictures run in strips. */
export function vaeWorkBytes({ config: { vae } }: Footprint, pixels: number): number {
  const map = vae.blockOutChannels[0] * pixels * FLOAT_BYTES;
  return 8 * Math.min(map, MAX_BUFFER_BYTES) + 2 * map;
}
