/**
 * From a prompt and reference pictures to a picture, in five numbered stages.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2.py`, `OmniGen2Pipeline.__call__`,
 * `processing`.
 */

import type { VaeConfig } from '../config/config.ts';
import type { RgbImage, Size } from '../pictures/image.ts';
import { checkSettings } from '../settings/check.ts';
import { DRAW_SETTINGS, type DrawSettings } from '../settings/draw-settings.ts';
import { createPredictor, type SkipDecision } from './acceleration/acceleration.ts';
import type { LoopStep } from './acceleration/predictor.ts';
import { combineGuidance, type GuidancePlan, guidanceBranches, workDone } from './diffusion/guidance.ts';
import type { Latents } from './diffusion/latents.ts';
import { patchGrid } from './diffusion/patches.ts';
import { checkReferences } from './diffusion/request.ts';
import { positionsNote } from './diffusion/rope.ts';
import { type DrawLimits, referenceLimits } from './draw-limits.ts';
import type { DrawSnapshot, TextFeatures } from './draw-snapshot.ts';
import { checkPrompt, tokenizePlainPrompt, truncationNote } from './language/prompt.ts';
import type { OmniGen2Model } from './model.ts';
import { type Pixels, referencePixels, resizeBilinear, toRgbImage } from './pixels.ts';
import { noise } from './random.ts';
import { plannedDrawing } from './residency/drawings.ts';
import { allowsBeside } from './residency/plan.ts';
import { createScheduler, shiftsTimesteps } from './schedulers/create.ts';
import { checkOutputSize, outputSize } from './sizes.ts';
import { trainedSizeNote } from './trained-size.ts';
import { previewPicture } from './vae/preview.ts';
import type { Vae } from './vae/vae.ts';

/** One picture to draw: the prompt, the decoded references, the settings and the limits. */
export interface DrawInput extends DrawSettings, DrawLimits {
  readonly prompt: string;
  /** None: text to image. One: an edit. Several: in-context generation. The first is "image 1". */
  readonly references: readonly RgbImage[];
}

/** The stage that a drawing has reached. */
export type DrawProgress =
  | { readonly type: 'encoding-prompt' }
  /** Reference `index` of `count`, from 1. */
  | { readonly type: 'encoding-reference'; readonly index: number; readonly count: number }
  /**
   * `step` steps are done. `work` is the share of all passes through the transformer that are done, 0 … 1: a
   * guided step has two or three. `preview` is absent before the first step, after the last one and without
   * `previews`.
   */
  | {
      readonly type: 'denoising';
      readonly step: number;
      readonly steps: number;
      readonly work: number;
      readonly preview?: RgbImage;
    }
  | { readonly type: 'decoding' };

/** A source of standard normal numbers. */
export interface NoiseSource {
  /** The latents that the first step starts from. */
  latents(count: number): Float32Array;
  /** For a sample of the posterior of reference `index` (from 0). */
  posterior(index: number, count: number): Float32Array;
}

export type PromptRole = 'prompt' | 'negative';

export interface DrawHooks {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DrawProgress) => void;
  /** Decodes a small preview after every step, if the VAE has room beside the transformer. */
  readonly previews?: boolean;
  /** Gives the hidden states `[n, H]` of a prompt, in place of the language model with the plain template. */
  readonly condition?: (role: PromptRole) => Promise<Float32Array>;
  /** Replaces the random numbers that follow from the seed. */
  readonly noise?: NoiseSource;
  /** Receives intermediate values under the names that the recorded values of the official code have. */
  readonly trace?: (name: string, values: Float32Array) => void;
  /** Receives every decision of an acceleration: one per step and guidance branch. */
  readonly onDecision?: (decision: SkipDecision) => void;
  /** Receives the state before the first step and after each step. */
  readonly onSnapshot?: (snapshot: DrawSnapshot) => void;
  /** Continues a drawing of the same input from this state. */
  readonly resume?: DrawSnapshot;
}

export interface DrawResult {
  readonly image: RgbImage;
  /** Sentences for the person, for example that the prompt was cut. */
  readonly notes: readonly string[];
}

/**
 * Draws one picture.
 *
 * @example
 * const size = { width: 128, height: 128 };
 * const limits = drawLimits(size, model.checkpoint.trainedOn);
 * const settings = { ...DEFAULT_SETTINGS, ...size, seed: 1 };
 * const { image } = await draw(model, { ...settings, ...limits, prompt: 'a red house', references: [] });
 *
 * @throws OmniError `bad_request` for a wrong prompt or setting, `bad_image` for a reference that cannot be
 *   used; AbortError within one step of an abort
 */
export async function draw(
  model: OmniGen2Model,
  input: DrawInput,
  hooks: DrawHooks = {},
): Promise<DrawResult> {
  const random = hooks.noise ?? seededNoise(input.seed);
  const { references, size } = preprocess(input, model.config.vae);
  const { resume } = hooks;
  await model.followPlan(model.planFor(plannedDrawing(input, size.drawn, references.length)));
  const text = resume?.text ?? (await encodePrompts(model, input, hooks));
  const vae = await model.vae();
  const referenceLatents =
    resume?.references ?? (await encodeReferences(vae, references, input, random, hooks));
  const further = [
    lengthNote(model, text, [...referenceLatents, vae.latentShape(size.drawn)]),
    trainedSizeNote(model.checkpoint.trainedOn, size.drawn),
  ].filter((note) => note !== undefined);
  const latents = await denoise(model, vae, size.drawn, text, referenceLatents, input, random, hooks);
  const image = await decode(vae, latents, size.requested, hooks);
  return { image, notes: [...text.notes, ...further] };
}

/** The note about prompt and pictures that together exceed the positions that the model was trained with. */
function lengthNote(
  { config: { transformer } }: OmniGen2Model,
  { prompt, negative }: TextFeatures,
  pictures: readonly Omit<Latents, 'data'>[],
): string | undefined {
  const rows = Math.max(prompt.length, negative?.length ?? 0) / transformer.hiddenSize;
  const grids = pictures.map((latents) => patchGrid(latents, transformer.patchSize));
  return positionsNote(rows, grids, transformer.axesLens);
}

/** Stage 1: checks the input, resizes the references and computes the size of the output. */
function preprocess(input: DrawInput, vae: Pick<VaeConfig, 'downscaleFactor'>) {
  checkPrompt(input.prompt);
  checkOutputSize(input);
  checkSettings(DRAW_SETTINGS, input);
  checkReferences(input.references);
  const limits = referenceLimits(input, vae);
  const references = input.references.map((image, i) => referencePixels(image, limits, `Image ${i + 1}`));
  const aligned = input.alignSize && references.length === 1 ? references[0] : undefined;
  return { references, size: outputSize(input, input.maxPixels, aligned) };
}

/** Stage 2: prompts to hidden states of the language model, and those through the context refiner. */
async function encodePrompts(
  model: OmniGen2Model,
  input: DrawInput,
  hooks: DrawHooks,
): Promise<TextFeatures> {
  hooks.signal?.throwIfAborted();
  // Loads the parts before it reports this stage: loading has events of its own.
  if (!hooks.condition) await Promise.all([model.tokenizer(), model.mllm()]);
  hooks.onProgress?.({ type: 'encoding-prompt' });
  const notes: string[] = [];
  const hiddenStates = async (prompt: string, what: string) => {
    const encoded = tokenizePlainPrompt(await model.tokenizer(), prompt, input.maxSequenceLength);
    const note = truncationNote(encoded, what);
    if (note) notes.push(note);
    return (await model.mllm()).hiddenStates(encoded.ids);
  };
  const embed = async (role: PromptRole, prompt: string, what: string, name: string) => {
    hooks.signal?.throwIfAborted();
    const hidden = hooks.condition ? await hooks.condition(role) : await hiddenStates(prompt, what);
    hooks.trace?.(name, hidden);
    return hidden;
  };
  const prompt = await embed('prompt', input.prompt, 'The prompt', 'prompt_embeds');
  const guided = input.textGuidance > 1;
  const negative = guided
    ? await embed('negative', input.negativePrompt, 'The negative prompt', 'negative_prompt_embeds')
    : undefined;
  hooks.signal?.throwIfAborted();
  const transformer = await model.transformer();
  return {
    prompt: await transformer.context(prompt),
    negative: negative && (await transformer.context(negative)),
    notes,
  };
}

/**
 * Stage 3: reference pixels to latents. Unlike in the official code, the samples of the posterior follow from
 * the seed.
 */
async function encodeReferences(
  vae: Vae,
  references: readonly Pixels[],
  { posterior }: DrawInput,
  random: NoiseSource,
  { signal, onProgress, trace }: DrawHooks,
): Promise<Latents[]> {
  const encoded: Latents[] = [];
  for (const [i, pixels] of references.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ type: 'encoding-reference', index: i + 1, count: references.length });
    trace?.(`ref_pixels_${i}`, pixels.data);
    const { mean, logvar } = await vae.encode(pixels, { signal });
    trace?.(`vae_mean_${i}`, mean.data);
    trace?.(`vae_logvar_${i}`, logvar.data);
    const drawn = posterior === 'sample' ? random.posterior(i, mean.data.length) : undefined;
    const latents = vae.toTransformer(vae.sample({ mean, logvar }, drawn));
    trace?.(`ref_latents_${i}`, latents.data);
    encoded.push(latents);
  }
  return encoded;
}

/** Stage 4: noise to latents, step by step. Each step runs the guidance branches that it needs. */
async function denoise(
  model: OmniGen2Model,
  vae: Vae,
  size: Size,
  text: TextFeatures,
  references: readonly Latents[],
  input: DrawInput,
  random: NoiseSource,
  { signal, onProgress, previews, trace, onDecision, onSnapshot, resume }: DrawHooks,
): Promise<Latents> {
  const { steps } = input;
  const shape = vae.latentShape(size);
  const shifted = shiftsTimesteps(input.scheduler, model.config.scheduler);
  const scheduler = createScheduler(input.scheduler, steps, shifted ? shape.height * shape.width : undefined);
  trace?.('timesteps', scheduler.timesteps);
  const start = resume?.step ?? 0;
  const noisy = resume?.latents ?? random.latents(shape.channels * shape.height * shape.width);
  let latents: Latents = { ...shape, data: noisy };
  scheduler.history = resume?.history ?? [];
  const previewed = previews && allowsBeside(model.plan, 'transformer', 'vae');
  const plans = Array.from({ length: steps }, (_, step) =>
    guidanceBranches({ ...input, references: references.length, step }),
  );
  const work = workDone(plans);
  const snapshot = (step: number) =>
    onSnapshot?.({ step, latents: latents.data, history: scheduler.history, text, references });
  // Before the transformer opens, which can fail.
  snapshot(start);
  if (start === steps) return latents;
  const transformer = await model.transformer();
  const predictor = createPredictor(transformer, { ...input, onDecision });
  try {
    const first = conditionsOf(plans[start], text, references);
    await predictor.load({ latents, timestep: scheduler.timesteps[start], branches: first });
    // Unguided steps have fewer branches. Their graph is loaded at the first of them.
    onProgress?.({ type: 'denoising', step: start, steps, work: work[start] });
    for (let step = start; step < steps; step++) {
      const timestep = scheduler.timesteps[step];
      const plan = plans[step];
      const branches = conditionsOf(plan, text, references);
      const velocities = await predictor.predict({ latents, timestep, branches, step, steps, signal });
      for (const { data } of velocities) trace?.('predictions', data);
      const named = plan.branches.map((branch, i) => [branch, velocities[i].data] as const);
      const velocity = combineGuidance(plan, Object.fromEntries(named));
      const before = latents;
      latents = { ...shape, data: scheduler.step(step, latents.data, velocity) };
      trace?.('step_latents', latents.data);
      signal?.throwIfAborted();
      const shown = previewed && step + 1 < steps;
      const preview = shown ? await previewPicture(vae, before, velocity, timestep) : undefined;
      onProgress?.({ type: 'denoising', step: step + 1, steps, work: work[step + 1], preview });
      snapshot(step + 1);
    }
    return latents;
  } finally {
    predictor.dispose();
  }
}

/**
 * The inputs of each branch: `cond` has the prompt, the others the negative prompt; `uncond` has no
 * references.
 */
function conditionsOf(
  { branches }: GuidancePlan,
  text: TextFeatures,
  references: readonly Latents[],
): LoopStep['branches'] {
  return branches.map((name) => {
    const context = name === 'cond' ? text.prompt : text.negative;
    if (!context) throw new Error(`branch ${name} has no negative prompt`);
    return { name, context, references: name === 'uncond' ? [] : references };
  });
}

/** Stage 5: latents to pixels of the requested size. */
async function decode(
  vae: Vae,
  latents: Latents,
  size: Size,
  { signal, onProgress, trace }: DrawHooks,
): Promise<RgbImage> {
  signal?.throwIfAborted();
  onProgress?.({ type: 'decoding' });
  const input = vae.fromTransformer(latents);
  trace?.('decoder_input', input.data);
  const decoded = await vae.decode(input, { signal });
  trace?.('decoded', decoded.data);
  const resized = resizeBilinear(decoded, size.width, size.height);
  trace?.('image', resized.data);
  return toRgbImage(resized);
}

function seededNoise(seed: number): NoiseSource {
  return {
    latents: (count) => noise(seed, 'latents', count),
    posterior: (index, count) => noise(seed, `vae/${index}`, count),
  };
}
