/** Measures a device on layers with the widths of the released model and random weights. */

import { expectedMllm, expectedTransformer, expectedVae } from '../../checkpoints/expected.ts';
import type { GraphDefinition, InputSpecs, OutputSpecs } from '../../onnx/define-graph.ts';
import { type Feeds, openTyped } from '../../runtime/typed-session.ts';
import type { DeviceFacts, HostTensor, Kernels, ResidentTensor, Runtime } from '../../runtime/types.ts';
import { DEFAULT_SETTINGS, LARGE_MODEL_SETTINGS } from '../../settings/draw-settings.ts';
import { forwardCount } from '../acceleration/forward-count.ts';
import { type DecoderParts, lastDecoderLayersGraph } from '../graphs/language-model.ts';
import { type Numerics, numericsFor } from '../graphs/numerics.ts';
import { uploadGraph } from '../graphs/stream-arithmetic.ts';
import { axesOf, streamWidth } from '../graphs/transformer-parts.ts';
import { float32Tensor, int32Tensor } from '../host-tensors.ts';
import { type KernelRace, PLAIN_KERNELS, raceKernels } from './kernel-race.ts';
import { type RandomWeights, randomWeights } from './random-weights.ts';
import { RELEASED_LANGUAGE, RELEASED_LAYERS, RELEASED_TRANSFORMER, RELEASED_VAE } from './released-widths.ts';
import { blockGraph, matmulGraph, vaeBlockGraph } from './stage-graphs.ts';

/** The time of one stage. */
export interface StageTime {
  readonly stage: string;
  /** Rows of the token stream, or pixels. */
  readonly rows: number;
  readonly kernels: Kernels;
  /** The fastest of some runs. */
  readonly ms: number;
  /** Billions of additions and multiplications a second in the products of the stage. */
  readonly gflops: number;
  /** Share of the peak of a plain float32 product in the same run, 0 to 1 and more. */
  readonly peakShare: number;
}

/** What a person with a GPU can send: plain data, as JSON. */
export interface DeviceMeasurement {
  readonly format: 1;
  readonly backend: Runtime['backend'];
  readonly facts: DeviceFacts | undefined;
  /** Peak of a plain product in GFLOP/s, by element type. */
  readonly peak: Readonly<Partial<Record<'float32' | 'float16', number>>>;
  readonly race: KernelRace;
  readonly stages: readonly StageTime[];
  /**
   * Estimated seconds for the passes of a 512 x 512 picture from words with the settings of large models:
   * passes x layers x time of a layer.
   */
  readonly pictureSeconds: number | undefined;
  /** Stages that were left out, and why. */
  readonly notes: readonly string[];
}

export interface MeasureOptions {
  readonly signal?: AbortSignal;
  /** A clock in milliseconds, such as `performance.now`. */
  readonly now: () => number;
  /** Is called before each stage. `done` of `total` stages are finished. */
  readonly onProgress?: (progress: { stage: string; done: number; total: number }) => void;
  /** A stage is left out if it would take longer than this, by the stages before it. Default: 20 seconds */
  readonly stageMs?: number;
}

/** Rows of a stream with 64 words and the noise of a square picture of 128, 256, 512 and 1024 pixels. */
const ROW_COUNTS = [64 + 64, 64 + 256, 64 + 1024, 64 + 4096] as const;
/** Rows of a 512 x 512 picture from words. */
const PICTURE_ROWS = 64 + 1024;
const DECODER_ROWS = [1, 256] as const;
const VAE_SIDES = [64, 256] as const;
const PEAK_SIDES = [256, 512, 1024, 2048, 4096] as const;
/** Stop enlarging matrices once a run takes as long as this. */
const PEAK_MS = 50;
const STAGE_MS = 20_000;
const RUNS = 3;

/**
 * Measures a device: the peak of plain products, the race of the kernels, then one layer of each kind.
 *
 * @example
 * const runtime = await startWebRuntime({ backend: 'webgpu' });
 * const report = await measureDevice(runtime, { now: () => performance.now() });
 * console.log(deviceTable(report));
 *
 * @throws OmniError `device` if the plain kernels fail; AbortError after an abort
 */
export async function measureDevice(runtime: Runtime, options: MeasureOptions): Promise<DeviceMeasurement> {
  // It stays open as long as its outputs: the engine frees their memory with it.
  const uploads = await openUploads(runtime);
  try {
    return await new Measuring(runtime, options, uploads).run();
  } finally {
    await uploads.dispose();
  }
}

type UploadSession = Awaited<ReturnType<typeof openUploads>>;
function openUploads(runtime: Runtime) {
  return openTyped(runtime, NO_WEIGHTS.bytes, uploadGraph, undefined);
}

class Measuring {
  readonly #runtime: Runtime;
  readonly #options: MeasureOptions;
  readonly #uploads: UploadSession;
  readonly #stages: StageTime[] = [];
  readonly #notes: string[] = [];
  #done = 0;
  #peak = 0;

  constructor(runtime: Runtime, options: MeasureOptions, uploads: UploadSession) {
    this.#runtime = runtime;
    this.#options = options;
    this.#uploads = uploads;
  }

  async run(): Promise<DeviceMeasurement> {
    const types = this.#runtime.halfPrecision ? (['float32', 'float16'] as const) : (['float32'] as const);
    const peak: Partial<Record<'float32' | 'float16', number>> = {};
    for (const type of types) peak[type] = await this.#peakOf(type);
    this.#peak = peak.float32 ?? 0;
    this.#progress('race of the kernels');
    const { signal, now } = this.#options;
    const race = await raceKernels(this.#runtime, { signal, now });
    const sets = sameKernels(race.chosen, PLAIN_KERNELS) ? [PLAIN_KERNELS] : [race.chosen, PLAIN_KERNELS];
    for (const kernels of sets) await this.#transformer(kernels);
    await this.#decoder(race.chosen);
    await this.#vae(race.chosen);
    const layer = this.#stages.find(
      ({ stage, rows }) => stage === 'transformer layer' && rows === PICTURE_ROWS,
    );
    const settings = { ...DEFAULT_SETTINGS, ...LARGE_MODEL_SETTINGS };
    const passes = forwardCount(settings, 0).full;
    return {
      format: 1,
      backend: this.#runtime.backend,
      facts: this.#runtime.facts,
      peak,
      race,
      stages: this.#stages,
      pictureSeconds: layer && (passes * RELEASED_LAYERS * layer.ms) / 1000,
      notes: this.#notes,
    };
  }

  async #peakOf(type: 'float32' | 'float16'): Promise<number> {
    this.#progress(`peak of ${type} products`);
    const times = 4;
    const session = await openTyped(this.#runtime, NO_WEIGHTS.bytes, matmulGraph, { type, times });
    try {
      let best = 0;
      for (const side of PEAK_SIDES) {
        const [a, b] = [await this.#resident(side, side), await this.#resident(side, side)];
        try {
          const ms = await this.#fastest(() => session.run({ a, b }));
          best = Math.max(best, gflops(times * side ** 3, ms));
          if (ms >= PEAK_MS) break;
        } finally {
          for (const tensor of [a, b]) tensor.dispose();
        }
      }
      return best;
    } finally {
      await session.dispose();
    }
  }

  async #transformer(kernels: Kernels): Promise<void> {
    const config = RELEASED_TRANSFORMER;
    const random = randomWeights(expectedTransformer(config));
    const numerics = this.#numerics(kernels, random);
    const parts = { config, weights: random.weights, numerics };
    const head = axesOf(parts).queries.padded / 2;
    const { hiddenSize: d, headDim, numKvHeads, feedForwardDim, tembDim } = config;
    const products = 2 * d * d + 2 * d * numKvHeads * headDim + 3 * d * feedForwardDim;
    await this.#timed('transformer layer', kernels, random, blockGraph, parts, ROW_COUNTS, {
      feeds: async (rows) => ({
        stream: await this.#resident(rows, streamWidth(parts), d),
        activated: await this.#resident(1, tembDim),
        cosines: await this.#resident(rows, head),
        sines: await this.#resident(rows, head),
      }),
      // Attention has two products of rows x rows x width.
      work: (rows) => rows * products + 2 * rows * rows * d,
    });
  }

  async #decoder(kernels: Kernels): Promise<void> {
    const config = RELEASED_LANGUAGE;
    const random = randomWeights(layerOf(config));
    const numerics = this.#numerics(kernels, random);
    const parts: DecoderParts = {
      config,
      weights: random.weights,
      numerics,
      taps: false,
      range: { from: 0, to: 1 },
    };
    const { hiddenSize: d, intermediateSize, numKeyValueHeads, headDim } = config;
    const products = 2 * d * d + 2 * d * numKeyValueHeads * headDim + 3 * d * intermediateSize;
    const empty = float32Tensor([1, numKeyValueHeads, 0, headDim], new Float32Array());
    await this.#timed('decoder layer', kernels, random, lastDecoderLayersGraph, parts, DECODER_ROWS, {
      feeds: async (rows) => ({
        stream: await this.#resident(rows, d),
        cos: await this.#resident(rows, headDim / 2),
        sin: await this.#resident(rows, headDim / 2),
        last: int32Tensor([rows - 1]),
        total: int32Tensor([rows]),
        past_keys: [empty],
        past_values: [empty],
      }),
      work: (rows) => rows * products,
    });
  }

  async #vae(kernels: Kernels): Promise<void> {
    const config = RELEASED_VAE;
    const random = randomWeights(
      expectedVae(config).filter(({ name }) => name.startsWith('decoder.up_blocks.')),
    );
    const numerics = this.#numerics(kernels, random);
    const [channels] = config.blockOutChannels;
    for (const side of VAE_SIDES) {
      const parts = { config, weights: random.weights, numerics, side };
      await this.#timed('VAE block', kernels, random, vaeBlockGraph, parts, [side * side], {
        feeds: async (rows) => ({ features: await this.#resident(channels, rows) }),
        work: (rows) => rows * 2 * 9 * channels * channels,
      });
    }
  }

  /** Times a graph at several numbers of rows. Stops before a time that would be too long. */
  async #timed<Parts, In extends InputSpecs, Out extends OutputSpecs>(
    stage: string,
    kernels: Kernels,
    random: RandomWeights,
    definition: GraphDefinition<Parts, In, Out>,
    parts: Parts,
    counts: readonly number[],
    { feeds, work }: { feeds: (rows: number) => Promise<Feeds<In>>; work: (rows: number) => number },
  ): Promise<void> {
    this.#progress(stage);
    const session = await openTyped(this.#runtime, random.bytes, definition, parts);
    try {
      for (const rows of counts) {
        const last = this.#stages.findLast((one) => one.stage === stage && one.kernels === kernels);
        const expected = last ? (last.ms * work(rows)) / work(last.rows) : 0;
        if (expected > (this.#options.stageMs ?? STAGE_MS)) {
          const seconds = Math.round(expected / 1000);
          this.#notes.push(`${stage} with ${rows} rows was left out: it would take about ${seconds} s.`);
          break;
        }
        const fed = await feeds(rows);
        try {
          const ms = await this.#fastest(() => session.run(fed));
          const rate = gflops(work(rows), ms);
          this.#stages.push({ stage, rows, kernels, ms, gflops: rate, peakShare: rate / this.#peak });
        } finally {
          for (const tensor of Object.values(fed).flat()) dispose(tensor);
        }
      }
    } finally {
      await session.dispose();
    }
  }

  /** The fastest of {@link RUNS} runs after a warm-up; of one run if it takes more than a second. */
  async #fastest(run: () => Promise<object>): Promise<number> {
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i <= RUNS; i++) {
      this.#options.signal?.throwIfAborted();
      const start = this.#options.now();
      const outputs = await run();
      const ms = this.#options.now() - start;
      for (const tensor of Object.values(outputs).flat()) dispose(tensor);
      if (i > 0) best = Math.min(best, ms);
      if (ms > 1000) return Math.min(best, ms);
    }
    return best;
  }

  /** A matrix of small values on the device; columns from `filled` on are zero. */
  async #resident(rows: number, columns: number, filled = columns): Promise<ResidentTensor> {
    const data = new Float32Array(rows * columns);
    for (let i = 0; i < data.length; i++) data[i] = i % columns < filled ? Math.sin(i) : 0;
    return (await this.#uploads.run({ values: float32Tensor([rows, columns], data) })).resident;
  }

  #numerics(kernels: Kernels, { weights }: RandomWeights): Numerics {
    const { backend, halfPrecision } = this.#runtime;
    return { ...numericsFor({ backend, halfPrecision, kernels }, weights), quantized: 'native' };
  }

  #progress(stage: string): void {
    this.#options.signal?.throwIfAborted();
    const peaks = this.#runtime.halfPrecision ? 2 : 1;
    // The race, up to two sets of kernels of the transformer, the decoder, two sizes of the VAE.
    this.#options.onProgress?.({ stage, done: this.#done++, total: peaks + 6 });
  }
}

const NO_WEIGHTS = randomWeights([]);

/** The tensors of the only layer of the language model, and its last norm. */
function layerOf(language: typeof RELEASED_LANGUAGE) {
  const vision = {
    depth: 0,
    hiddenSize: 0,
    intermediateSize: 0,
    numHeads: 0,
    headDim: 0,
    outHiddenSize: 0,
    inChannels: 0,
    patchSize: 0,
    temporalPatchSize: 0,
    spatialMergeSize: 0,
    windowSize: 0,
    fullattBlockIndexes: [],
    rmsNormEps: 0,
  };
  const tokens = { imageTokenId: 0, videoTokenId: 0, visionStartTokenId: 0, visionEndTokenId: 0 };
  return expectedMllm({ language, vision, ...tokens }).filter(({ name }) =>
    /^model\.(layers|norm)\./.test(name),
  );
}

/** @param multiplications each with one addition */
function gflops(multiplications: number, ms: number): number {
  return (2 * multiplications) / ms / 1e6;
}

function sameKernels(a: Kernels, b: Kernels): boolean {
  return a.compute === b.compute && a.padded === b.padded && a.accuracyLevel === b.accuracyLevel;
}

function dispose(tensor: HostTensor | ResidentTensor): void {
  if ('dispose' in tensor) tensor.dispose();
}
