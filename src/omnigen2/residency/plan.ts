/**
 * Plans which parts of a model are open when, so that a drawing fits a memory budget.
 *
 * Parts: the mllm encodes the prompts, the VAE encodes references and decodes the picture, the transformer
 * denoises. Three plans, from most to least memory:
 *
 * - together: all parts stay open;
 * - in turn: the mllm is closed before the transformer opens, and the transformer before the mllm opens
 *   again. For a large model on a processor the VAE is closed before the mllm opens, too;
 * - streamed: one part at a time, without previews, and some ranges of layers are opened for each use and
 *   closed after it.
 */

import type { DrawSettings } from '../../settings/draw-settings.ts';
import { forwardCount } from '../acceleration/forward-count.ts';
import { guidanceBranches } from '../diffusion/guidance.ts';
import type { Footprint } from './footprint.ts';
import {
  baseBytes,
  type DrawRows,
  denoiseWorkBytes,
  heldBytes,
  promptWorkBytes,
  vaeWorkBytes,
} from './work.ts';

export type PlanName = 'together' | 'in turn' | 'streamed';

/** Two parts that are open at the same time. */
export type Pair = 'mllm+transformer' | 'mllm+vae' | 'transformer+vae';

/** What is open in one stage of a drawing. */
export interface StageMemory {
  readonly stage: 'encode prompt' | 'encode references' | 'denoise' | 'decode';
  /** Weights, as sessions hold them. */
  readonly weightBytes: number;
  /** Activations and scratch memory. */
  readonly workBytes: number;
  /** All memory: weights, work and what the engine takes without any session. */
  readonly totalBytes: number;
}

export interface ResidencyPlan {
  readonly name: PlanName;
  /** Parts that may be open at the same time. */
  readonly beside: readonly Pair[];
  /** Number of ranges of layers that stay open while their part is used. */
  readonly openRanges: { readonly mllm: number; readonly transformer: number };
  readonly stages: readonly StageMemory[];
  readonly peakBytes: number;
  /** Bytes that are read to load every part once. */
  readonly loadBytes: number;
  /** Bytes that are read again in all steps, because their ranges are streamed. */
  readonly streamedBytes: number;
}

/** The drawing that a plan is made for. */
export interface PlannedDrawing
  extends Pick<
    DrawSettings,
    'width' | 'height' | 'steps' | 'textGuidance' | 'imageGuidance' | 'guidanceRange' | 'acceleration'
  > {
  /** Tokens of the longer prompt, chat template included. */
  readonly promptTokens: number;
  /** Number of reference pictures, each assumed as large as the picture. */
  readonly references: number;
}

/** Shares of the ranges that stay open in streamed plans. */
const STREAMED_SHARES: readonly number[] = [0.75, 0.5, 0.25, 0];

/**
 * All plans for a drawing, from most to least memory.
 *
 * @example
 * const plans = residencyPlans(footprintOf(checkpoint, runtime), drawing);
 * const plan = choosePlan(plans, 6e9);
 */
export function residencyPlans(footprint: Footprint, drawing: PlannedDrawing): readonly ResidencyPlan[] {
  const { decoderRanges, transformerRanges } = footprint;
  const all = { mllm: decoderRanges.length, transformer: transformerRanges.length };
  // A large model takes minutes for a picture on a processor. Seconds to load a part again do not count.
  const plans =
    footprint.backend !== 'webgpu' && footprint.isLarge
      ? [planOf(footprint, drawing, 'in turn', ['transformer+vae'], all)]
      : [
          planOf(footprint, drawing, 'together', ['mllm+transformer', 'mllm+vae', 'transformer+vae'], all),
          planOf(footprint, drawing, 'in turn', ['mllm+vae', 'transformer+vae'], all),
        ];
  for (const share of STREAMED_SHARES) {
    const open = {
      mllm: Math.floor(all.mllm * share),
      transformer: Math.floor(all.transformer * share),
    };
    plans.push(planOf(footprint, drawing, 'streamed', [], open));
  }
  return plans;
}

/** The first plan within a budget, or the smallest one if none is. */
export function choosePlan(plans: readonly ResidencyPlan[], budgetBytes: number): ResidencyPlan {
  return plans.find(({ peakBytes }) => peakBytes <= budgetBytes) ?? plans[plans.length - 1];
}

/** Whether a plan allows two parts to be open at the same time. A part is always beside itself. */
export function allowsBeside({ beside }: ResidencyPlan, one: string, other: string): boolean {
  return one === other || beside.some((pair) => pair === `${one}+${other}` || pair === `${other}+${one}`);
}

function planOf(
  footprint: Footprint,
  drawing: PlannedDrawing,
  name: PlanName,
  beside: readonly Pair[],
  openRanges: { readonly mllm: number; readonly transformer: number },
): ResidencyPlan {
  const { backend } = footprint;
  const rows = rowsOf(footprint, drawing);
  const decoder = openBytes(footprint.decoderRanges, openRanges.mllm);
  const references = drawing.references > 0 ? footprint.referenceBytes : 0;
  const refiners = footprint.contextBytes + footprint.embedBytes + references;
  const transformer = openBytes(footprint.transformerRanges, openRanges.transformer) + refiners;
  const vae = footprint.vaeDecoderBytes + (drawing.references > 0 ? footprint.vaeEncoderBytes : 0);
  const together = (pair: Pair, bytes: number) => (beside.includes(pair) ? bytes : 0);
  const stage = (of: StageMemory['stage'], weightBytes: number, workBytes: number): StageMemory => {
    const held = heldBytes(weightBytes);
    return { stage: of, weightBytes: held, workBytes, totalBytes: baseBytes(backend) + held + workBytes };
  };
  const pixels = drawing.width * drawing.height;
  const stages = [
    stage('encode prompt', decoder, promptWorkBytes(footprint, rows)),
    ...(drawing.references > 0
      ? [
          stage(
            'encode references',
            footprint.vaeEncoderBytes + together('mllm+vae', decoder) + footprint.contextBytes,
            vaeWorkBytes(footprint, pixels),
          ),
        ]
      : []),
    stage(
      'denoise',
      transformer + together('mllm+transformer', decoder) + together('transformer+vae', vae),
      denoiseWorkBytes(footprint, rows),
    ),
    stage(
      'decode',
      vae + together('transformer+vae', transformer) + together('mllm+transformer', decoder),
      vaeWorkBytes(footprint, pixels),
    ),
  ];
  const { full } = forwardCount(drawing, drawing.references);
  const passes = Math.ceil(full / Math.max(1, rows.branches));
  const streamed = sum(footprint.transformerRanges.slice(openRanges.transformer));
  return {
    name,
    beside,
    openRanges,
    stages,
    peakBytes: Math.max(...stages.map(({ totalBytes }) => totalBytes)),
    loadBytes: sum(footprint.decoderRanges) + sum(footprint.transformerRanges) + refiners + vae,
    streamedBytes: streamed * Math.max(0, passes - 1),
  };
}

/** The open ranges, and one streamed range if there are any. */
function openBytes(ranges: readonly number[], open: number): number {
  return sum(ranges.slice(0, open)) + Math.max(0, ...ranges.slice(open));
}

/** Rows of the streams of a drawing. */
export function rowsOf({ config }: Footprint, drawing: PlannedDrawing): DrawRows {
  const { patchSize } = config.transformer;
  const side = (pixels: number) => Math.ceil(pixels / config.vae.downscaleFactor / patchSize);
  const noise = side(drawing.width) * side(drawing.height);
  const first = guidanceBranches({ ...drawing, step: 0 });
  return {
    prompt: drawing.promptTokens,
    noise,
    joint: drawing.promptTokens + noise * (1 + drawing.references),
    branches: first.branches.length,
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
