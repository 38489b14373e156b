/**
 * Classifier-free guidance with two scales: one pushes the prediction towards the prompt, one towards the
 * references.
 * Source of the rules: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline.processing
 */

/**
 * A forward pass of the transformer. `cond` has the prompt and the references, `ref` the negative prompt and
 * the references, `uncond` only the negative prompt.
 */
export type GuidanceBranch = 'cond' | 'ref' | 'uncond';

/** The guidance of a drawing at one step. */
export interface GuidanceRequest {
  readonly textGuidance: number;
  readonly imageGuidance: number;
  /** Fractions of the steps between which guidance is applied, both ends included. */
  readonly guidanceRange: readonly [number, number];
  /** Number of reference pictures. */
  readonly references: number;
  /** Counts from 0. */
  readonly step: number;
  readonly steps: number;
}

/** The forward passes of one step, in the order of the official calls, and the scales that combine them. */
export interface GuidancePlan {
  readonly branches: readonly GuidanceBranch[];
  readonly textScale: number;
  readonly imageScale: number;
}

/**
 * The forward passes of a step.
 *
 * Text guidance up to 1 needs one pass and ignores image guidance. Without references, or with image guidance
 * up to 1, the second pass has no references.
 */
export function guidanceBranches(request: GuidanceRequest): GuidancePlan {
  const [start, end] = request.guidanceRange;
  const at = request.step / request.steps;
  const inside = start <= at && at <= end;
  const textScale = inside ? request.textGuidance : 1;
  const imageScale = inside && request.references > 0 ? request.imageGuidance : 1;
  if (!(textScale > 1)) return { branches: ['cond'], textScale: 1, imageScale: 1 };
  if (!(imageScale > 1)) return { branches: ['cond', 'uncond'], textScale, imageScale: 1 };
  return { branches: ['cond', 'ref', 'uncond'], textScale, imageScale };
}

/** The share of a drawing's forward passes (0 to 1) that is done after 0, 1, 2, … steps: `[plans + 1]`. */
export function workDone(plans: readonly GuidancePlan[]): number[] {
  const done = [0];
  for (const [step, { branches }] of plans.entries()) done.push(done[step] + branches.length);
  return done.map((passes) => passes / done[plans.length]);
}

/**
 * The guided prediction in a new array: `u + image * (r - u) + text * (c - r)`, or `u + text * (c - u)`, or
 * `c`. Every operation rounds to float32, as in the official code.
 * @param predictions one for each branch of the plan, all of the same length
 */
export function combineGuidance(
  { branches, textScale, imageScale }: GuidancePlan,
  predictions: Readonly<Partial<Record<GuidanceBranch, Float32Array>>>,
): Float32Array {
  const [cond, ref, uncond] = (['cond', 'ref', 'uncond'] as const).map((branch) => {
    const values = predictions[branch];
    if (!values && branches.includes(branch))
      throw new Error(`the prediction of branch ${branch} is missing`);
    return values;
  });
  if (!cond) throw new Error('a guidance plan always has the branch cond');
  if (!uncond || branches.length === 1) return cond.slice();
  if (!ref || branches.length === 2) {
    return uncond.map((u, i) => u + Math.fround(textScale * Math.fround(cond[i] - u)));
  }
  return uncond.map((u, i) => {
    const towardsImages = Math.fround(u + Math.fround(imageScale * Math.fround(ref[i] - u)));
    return towardsImages + Math.fround(textScale * Math.fround(cond[i] - ref[i]));
  });
}
