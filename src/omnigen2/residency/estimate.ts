/** How long a drawing will take, from its work and the speed of the device. */

import { GraphBuilder } from '../../onnx/graph.ts';
import { matmul } from '../../onnx/ops/matmul.ts';
import type { Runtime } from '../../runtime/types.ts';
import { forwardCount } from '../acceleration/forward-count.ts';
import { float32Tensor } from '../host-tensors.ts';
import type { Footprint } from './footprint.ts';
import { type PlannedDrawing, type ResidencyPlan, rowsOf } from './plan.ts';

export interface TimeEstimate {
  /** Until all parts have been loaded once. */
  readonly loadSeconds: number;
  /** A picture, without loading. */
  readonly drawSeconds: number;
}

/** The speed of a device. */
export interface DeviceSpeed {
  /** Multiplications and additions of float32 products per second. */
  readonly flops: number;
}

/**
 * Share of the speed of plain products that quantized ones with few rows reach. Measured on Node and wasm.
 */
const EFFICIENCY = 0.45;
/** Bytes of weights that a session opens per second, from a disk cache. */
const LOAD_BYTES_PER_SECOND = 300e6;
/**
 * Multiplications and additions of the VAE per pixel, encoded or decoded: 2.5 million for the official one.
 */
const VAE_FLOPS_PER_PIXEL_AND_CHANNEL_SQUARE = 150;

/** How long a drawing takes with a plan. The figures are rough: within a factor of two. */
export function estimateTime(
  footprint: Footprint,
  plan: Pick<ResidencyPlan, 'loadBytes' | 'streamedBytes'>,
  drawing: PlannedDrawing,
  { flops }: DeviceSpeed,
): TimeEstimate {
  return {
    loadSeconds: plan.loadBytes / LOAD_BYTES_PER_SECOND,
    drawSeconds:
      drawingFlops(footprint, drawing) / (flops * EFFICIENCY) + plan.streamedBytes / LOAD_BYTES_PER_SECOND,
  };
}

/** Multiplications and additions of a drawing: prompts, all passes through the transformer, the VAE. */
export function drawingFlops(footprint: Footprint, drawing: PlannedDrawing): number {
  const { transformer, mllm, vae } = footprint.config;
  const rows = rowsOf(footprint, drawing);
  const { hiddenSize: width, numKvHeads, headDim, feedForwardDim, numLayers, numRefinerLayers } = transformer;
  const layer = 2 * width * width + 2 * width * numKvHeads * headDim + 3 * width * feedForwardDim;
  const pass = (count: number, layers: number) => layers * (2 * layer * count + 4 * width * count * count);
  const { full, all } = forwardCount(drawing, drawing.references);
  const refined = pass(rows.noise * (1 + drawing.references), numRefinerLayers);
  const { language } = mllm;
  const kvWidth = 2 * language.numKeyValueHeads * language.headDim;
  const decoderLayer =
    2 * language.hiddenSize ** 2 +
    language.hiddenSize * kvWidth +
    3 * language.hiddenSize * language.intermediateSize;
  const prompts = drawing.textGuidance > 1 ? 2 : 1;
  const pixels = drawing.width * drawing.height * (1 + drawing.references);
  return (
    prompts * 2 * decoderLayer * language.numHiddenLayers * rows.prompt +
    full * pass(rows.joint, numLayers) +
    all * refined +
    pixels * VAE_FLOPS_PER_PIXEL_AND_CHANNEL_SQUARE * vae.blockOutChannels[0] ** 2
  );
}

const PROBE = { rows: 256, inner: 1024, columns: 1024 };

/**
 * Measures a float32 product of 256 x 1024 by 1024 x 1024: a few milliseconds on a processor.
 * @throws OmniError `device` if the engine fails
 */
export async function measureSpeed(runtime: Runtime): Promise<DeviceSpeed> {
  const { rows, inner, columns } = PROBE;
  const g = new GraphBuilder('speed');
  const a = g.input('a', 'float32', [rows, inner]);
  const b = g.input('b', 'float32', [inner, columns]);
  g.output('product', matmul(g, a, b));
  const noWeights = () => Promise.reject(new Error('the graph has no weights'));
  const session = await runtime.open(g.finish(), { slice: noWeights, derived: noWeights });
  try {
    const feeds = {
      a: float32Tensor([rows, inner], new Float32Array(rows * inner).fill(0.5)),
      b: float32Tensor([inner, columns], new Float32Array(inner * columns).fill(0.5)),
    };
    let best = Number.POSITIVE_INFINITY;
    for (let run = 0; run < 3; run++) {
      const started = performance.now();
      await session.run(feeds);
      best = Math.min(best, performance.now() - started);
    }
    return { flops: (2 * rows * inner * columns) / (best / 1000) };
  } finally {
    await session.dispose();
  }
}
