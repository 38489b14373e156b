/**
 * From a prompt and reference pictures to a picture, in five numbered stages.
 * Source of the rules: OmniGen2 `pipelines/omnigen2/pipeline_omnigen2.py`, `OmniGen2Pipeline.__call__`, `processing`.
 */

import type { TrainedOn } from '../checkpoints/checkpoint.ts';
import type { VaeConfig } from '../config/config.ts';
import { OmniError } from '../errors.ts';
import type { RgbImage, Size } from '../pictures/image.ts';
import {
  ACCELERATIONS,
  type Acceleration,
  createPredictor,
  type SkipDecision,
  TEACACHE_THRESHOLD,
} from './acceleration/acceleration.ts';
import type { LoopStep } from './acceleration/predictor.ts';
import { combineGuidance, type GuidancePlan, guidanceBranches, workDone } from './diffusion/guidance.ts';
import type { Latents } from './diffusion/latents.ts';
import { patchGrid } from './diffusion/patches.ts';
import { checkReferences } from './diffusion/request.ts';
import { positionsNote } from './diffusion/rope.ts';
import { checkPrompt, tokenizePlainPrompt, truncationNote } from './language/prompt.ts';
import type { OmniGen2Model } from './model.ts';
import { type Pixels, referencePixels, resizeBilinear, toRgbImage } from './pixels.ts';
import { checkSeed, noise } from './random.ts';
import { createScheduler, SCHEDULERS, type SchedulerName } from './schedulers/create.ts';
import { checkOutputSize, OFFICIAL_LIMITS, outputSize, type ReferenceLimits } from './sizes.ts';
import { trainedSizeNote } from './trained-size.ts';
import { previewPicture } from './vae/preview.ts';
import { POSTERIORS, type PosteriorChoice, type Vae } from './vae/vae.ts';

/** What to draw. Sizes in pixels; guidance scales without unit. */
export interface DrawOptions {
  readonly prompt: string;
  /** None: text to image. One: an edit. Several: in-context generation. The first is "image 1". */
  readonly references: readonly RgbImage[];
  readonly negativePrompt: string;
  readonly width: number;
  readonly height: number;
  readonly steps: number;
  /** A whole number, 0 … 2^32 - 1. */
  readonly seed: number;
  readonly textGuidance: number;
  readonly imageGuidance: number;
  /** Fractions of the steps between which guidance is applied, both ends included. */
  readonly guidanceRange: readonly [number, number];
  readonly scheduler: SchedulerName;
  /** How to draw with less work. */
  readonly acceleration: Acceleration;
  /** How much change TeaCache lets pass before it computes again, 0.05 by default. Even at 0 very small changes pass. */
  readonly teaCacheThreshold: number;
  /** Whether references are drawn from what the encoder gives, by the seed, or are its mean, whatever the seed. */
  readonly posterior: PosteriorChoice;
  /** Whether an edit takes the size of its only reference. */
  readonly alignSize: boolean;
  /** Bound on references and output alike. */
  readonly maxPixels: number;
  /** Longest side of a reference. */
  readonly maxReferenceSide: number;
  /** Prompts are cut to so many tokens. */
  readonly maxSequenceLength: number;
}

/** What a person need not say. */
type Unsaid =
  | 'negativePrompt'
  | 'guidanceRange'
  | 'scheduler'
  | 'acceleration'
  | 'teaCacheThreshold'
  | 'posterior'
  | 'alignSize'
  | 'maxPixels'
  | 'maxReferenceSide'
  | 'maxSequenceLength';

/** Source: OmniGen2 inference.py, max_sequence_length */
const MAX_SEQUENCE_LENGTH = 1024;

/**
 * The options that follow from the wanted size, and the official defaults of the rest (guided in all steps; what the page, the
 * library and the command line draw with instead is `USUAL_SETTINGS` in draw-settings.ts). Neither the picture nor any
 * reference gets more pixels than the wanted size has: a model draws well at the sizes it has learnt, and the size says which.
 * Prompts are cut to what the model has learnt to read.
 * @param official gives the limits of the official program instead: a megapixel and 1024 tokens, whatever was learnt
 * @throws OmniError `bad_request` if no picture can have that size
 */
export function drawDefaults(
  { width, height }: Size,
  { promptTokens }: Pick<TrainedOn, 'promptTokens'>,
  { official = false } = {},
): Pick<DrawOptions, Unsaid | 'width' | 'height'> {
  checkOutputSize({ width, height });
  const { maxPixels, maxReferenceSide } = OFFICIAL_LIMITS;
  return {
    width,
    height,
    negativePrompt: '',
    guidanceRange: [0, 1],
    scheduler: 'euler',
    acceleration: 'none',
    teaCacheThreshold: TEACACHE_THRESHOLD,
    posterior: 'sample',
    alignSize: true,
    maxPixels: official ? maxPixels : Math.min(width * height, maxPixels),
    maxReferenceSide,
    maxSequenceLength: official ? MAX_SEQUENCE_LENGTH : Math.min(promptTokens, MAX_SEQUENCE_LENGTH),
  };
}

/**
 * What the reference pictures of a drawing are resized within.
 * Source: omnigen2/pipelines/omnigen2/pipeline_omnigen2.py, OmniGen2Pipeline.__init__ (image_processor)
 */
export function referenceLimits(
  { maxPixels, maxReferenceSide }: Pick<DrawOptions, 'maxPixels' | 'maxReferenceSide'>,
  { downscaleFactor }: Pick<VaeConfig, 'downscaleFactor'>,
): ReferenceLimits {
  return { maxPixels, maxReferenceSide, sideMultiple: 2 * downscaleFactor };
}

/** Where a drawing is. */
export type DrawProgress =
  | { readonly type: 'reading' }
  /** Reference `index` of `count`, from 1. */
  | { readonly type: 'encoding'; readonly index: number; readonly count: number }
  /**
   * `step` steps are done, and `work` of all passes through the transformer, 0 … 1 (a guided step has two or three);
   * `preview` is what the picture will look like as far as can be foreseen.
   */
  | {
      readonly type: 'denoising';
      readonly step: number;
      readonly steps: number;
      readonly work: number;
      readonly preview?: RgbImage;
    }
  | { readonly type: 'decoding' };

/** Standard normal numbers for the two places that draw them. */
export interface NoiseSource {
  latents(count: number): Float32Array;
  /** For sampling the posterior of reference `index` (from 0). */
  posterior(index: number, count: number): Float32Array;
}

/** What a prompt is for. */
export type PromptRole = 'prompt' | 'negative';

export interface DrawHooks {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: DrawProgress) => void;
  /** Whether to show what the picture will look like after every step. */
  readonly previews?: boolean;
  /** Hidden states `[n, H]` of the prompts from elsewhere than the plain template. */
  readonly condition?: (role: PromptRole) => Promise<Float32Array>;
  /** Random numbers from elsewhere than the seed. */
  readonly noise?: NoiseSource;
  /** Sees intermediate values under the names that recorded values of the official code have. */
  readonly trace?: (name: string, values: Float32Array) => void;
  /** Sees what an acceleration decides, branch by branch, step by step. */
  readonly onDecision?: (decision: SkipDecision) => void;
}

export interface DrawResult {
  readonly image: RgbImage;
  /** What the person should know: that the prompt was cut, for example. */
  readonly notes: readonly string[];
}

/**
 * Draws one picture.
 * @throws OmniError `bad_request` or `bad_image` for what cannot be drawn; AbortError within one step of an abort
 */
export async function draw(
  model: OmniGen2Model,
  options: DrawOptions,
  hooks: DrawHooks = {},
): Promise<DrawResult> {
  const random = hooks.noise ?? seededNoise(options.seed);
  const { references, size } = prepare(options, model.config.vae);
  const text = await read(model, options, hooks);
  const vae = await model.vae();
  const referenceLatents = await encode(vae, references, options, random, hooks);
  const further = [
    lengthNote(model, text, [...referenceLatents, vae.latentShape(size.generated)]),
    trainedSizeNote(model.checkpoint.trainedOn, size.generated),
  ].filter((note) => note !== undefined);
  const latents = await denoise(model, vae, size.generated, text, referenceLatents, options, random, hooks);
  const image = await decode(vae, latents, size.requested, hooks);
  return { image, notes: [...text.notes, ...further] };
}

/** What a person is told of prompts and pictures that are longer together than the official program can draw from. */
function lengthNote(
  { config: { transformer } }: OmniGen2Model,
  { prompt, negative }: ReadText,
  pictures: readonly Omit<Latents, 'data'>[],
): string | undefined {
  const rows = Math.max(prompt.length, negative?.length ?? 0) / transformer.hiddenSize;
  const grids = pictures.map((latents) => patchGrid(latents, transformer.patchSize));
  return positionsNote(rows, grids, transformer.axesLens);
}

/** Stage 1: checks the request, and brings references and output to their sizes. */
function prepare(options: DrawOptions, vae: Pick<VaeConfig, 'downscaleFactor'>) {
  checkPrompt(options.prompt);
  checkChoices(options);
  checkReferences(options.references);
  const limits = referenceLimits(options, vae);
  const references = options.references.map((image, i) => referencePixels(image, limits, `Image ${i + 1}`));
  const aligned = options.alignSize && references.length === 1 ? references[0] : undefined;
  return { references, size: outputSize(options, options.maxPixels, aligned) };
}

function checkChoices({
  seed,
  scheduler,
  acceleration,
  posterior,
  textGuidance,
  imageGuidance,
  guidanceRange,
  teaCacheThreshold,
}: DrawOptions): void {
  const refuse = (message: string, action: string) => {
    throw new OmniError({ code: 'bad_request', message, action });
  };
  checkSeed(seed);
  const choices = [
    ['scheduler', scheduler, SCHEDULERS],
    ['acceleration', acceleration, ACCELERATIONS],
    ['posterior', posterior, POSTERIORS],
  ] as const;
  for (const [what, chosen, known] of choices) {
    if (!(known as readonly string[]).includes(chosen)) {
      refuse(`There is no ${what} "${chosen}".`, `Choose one of ${known.join(', ')}.`);
    }
  }
  for (const [name, scale] of Object.entries({ text: textGuidance, image: imageGuidance })) {
    if (!(scale >= 0 && scale <= 100)) {
      refuse(`The ${name} guidance ${scale} is not a number from 0 to 100.`, 'Choose one between 1 and 8.');
    }
  }
  if (!(teaCacheThreshold >= 0 && teaCacheThreshold <= 10)) {
    refuse(
      `The TeaCache threshold ${teaCacheThreshold} is not a number from 0 to 10.`,
      `Choose one near ${TEACACHE_THRESHOLD}; a higher one skips more.`,
    );
  }
  const [start, end] = Array.isArray(guidanceRange) ? guidanceRange : [Number.NaN, Number.NaN];
  if (!(start >= 0 && start <= end && end <= 1)) {
    refuse(
      `The guidance range ${start} to ${end} does not lie within 0 to 1 in rising order.`,
      'Use 0 and 1 to apply guidance in every step.',
    );
  }
}

/** What the transformer knows of the words: refined streams `[L, D]`. */
interface ReadText {
  readonly prompt: Float32Array;
  /** Undefined where no step is guided by text. */
  readonly negative: Float32Array | undefined;
  readonly notes: readonly string[];
}

/** Stage 2: prompts to hidden states of the language model, and those through the context refiner. */
async function read(model: OmniGen2Model, options: DrawOptions, hooks: DrawHooks): Promise<ReadText> {
  hooks.signal?.throwIfAborted();
  // Told once its parts are open: until then it is the opening that takes the time.
  if (!hooks.condition) await Promise.all([model.tokenizer(), model.mllm()]);
  hooks.onProgress?.({ type: 'reading' });
  const notes: string[] = [];
  const readPlain = async (prompt: string, what: string) => {
    const encoded = tokenizePlainPrompt(await model.tokenizer(), prompt, options.maxSequenceLength);
    const note = truncationNote(encoded, what);
    if (note) notes.push(note);
    return (await model.mllm()).hiddenStates(encoded.ids);
  };
  const states = async (role: PromptRole, prompt: string, what: string, name: string) => {
    hooks.signal?.throwIfAborted();
    const hidden = hooks.condition ? await hooks.condition(role) : await readPlain(prompt, what);
    hooks.trace?.(name, hidden);
    return hidden;
  };
  const prompt = await states('prompt', options.prompt, 'The prompt', 'prompt_embeds');
  const guided = options.textGuidance > 1;
  const negative = guided
    ? await states('negative', options.negativePrompt, 'The negative prompt', 'negative_prompt_embeds')
    : undefined;
  hooks.signal?.throwIfAborted();
  const transformer = await model.transformer();
  return {
    prompt: await transformer.context(prompt),
    negative: negative && (await transformer.context(negative)),
    notes,
  };
}

/** Stage 3: reference pixels to latents. The official code samples the posterior, and so does this, but by the seed. */
async function encode(
  vae: Vae,
  references: readonly Pixels[],
  { posterior }: DrawOptions,
  random: NoiseSource,
  { signal, onProgress, trace }: DrawHooks,
): Promise<Latents[]> {
  const encoded: Latents[] = [];
  for (const [i, pixels] of references.entries()) {
    signal?.throwIfAborted();
    onProgress?.({ type: 'encoding', index: i + 1, count: references.length });
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

/** Stage 4: from noise to latents, step by step, each step guided by the branches that it needs. */
async function denoise(
  model: OmniGen2Model,
  vae: Vae,
  size: Size,
  text: ReadText,
  references: readonly Latents[],
  options: DrawOptions,
  random: NoiseSource,
  { signal, onProgress, previews, trace, onDecision }: DrawHooks,
): Promise<Latents> {
  const { steps } = options;
  const transformer = await model.transformer();
  const shape = vae.latentShape(size);
  // The configuration in the checkpoint is Euler's; the official program makes the other scheduler itself, shifted.
  const shifted = options.scheduler !== 'euler' || model.config.scheduler.dynamicTimeShift;
  const scheduler = createScheduler(
    options.scheduler,
    steps,
    shifted ? shape.height * shape.width : undefined,
  );
  trace?.('timesteps', scheduler.timesteps);
  let latents: Latents = { ...shape, data: random.latents(shape.channels * shape.height * shape.width) };
  const plans = Array.from({ length: steps }, (_, step) =>
    guidanceBranches({ ...options, references: references.length, step }),
  );
  const work = workDone(plans);
  const predictor = createPredictor(transformer, { ...options, onDecision });
  try {
    const first = conditionsOf(plans[0], text, references);
    await predictor.open({ latents, timestep: scheduler.timesteps[0], branches: first });
    // Steps that are not guided have fewer branches: their graph opens when the first of them comes.
    onProgress?.({ type: 'denoising', step: 0, steps, work: 0 });
    for (let step = 0; step < steps; step++) {
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
      const shown = previews && step + 1 < steps;
      const preview = shown ? await previewPicture(vae, before, velocity, timestep) : undefined;
      onProgress?.({ type: 'denoising', step: step + 1, steps, work: work[step + 1], preview });
    }
    return latents;
  } finally {
    predictor.dispose();
  }
}

/** What each branch of a step sees: `cond` the prompt, the others the negative prompt; `uncond` no references. */
function conditionsOf(
  { branches }: GuidancePlan,
  text: ReadText,
  references: readonly Latents[],
): LoopStep['branches'] {
  return branches.map((name) => {
    const context = name === 'cond' ? text.prompt : text.negative;
    if (!context) throw new Error(`branch ${name} has no negative prompt`);
    return { name, context, references: name === 'uncond' ? [] : references };
  });
}

/** Stage 5: latents to pixels, of the size that was asked for. */
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
