/**
 * Configurations of the model's components, as their `config.json` files give them.
 *
 * Every size of a graph comes from here. Fields are named after the official ones; values that follow from others
 * (head and feed-forward sizes) are computed once, while parsing (`config-parse.ts`).
 */

/** How many reference pictures have an index embedding of their own. Source: OmniGen2Transformer2DModel.__init__ */
export const MAX_REFERENCES = 5;

/** How many tokens the official chat pipeline writes at most. Source: OmniGen2ChatPipeline.generate_text */
export const MAX_NEW_TOKENS = 256;

/** The diffusion transformer (`transformer/config.json`, OmniGen2Transformer2DModel). */
export interface TransformerConfig {
  /** Side of a patch, in latent pixels. */
  readonly patchSize: number;
  /** Channels of the latents it reads. */
  readonly inChannels: number;
  /** Channels of the velocity it predicts. */
  readonly outChannels: number;
  /** Width D of the token stream. */
  readonly hiddenSize: number;
  /** Main layers over the joint sequence. */
  readonly numLayers: number;
  /** Layers in each of the three refiners (noise, reference, context). */
  readonly numRefinerLayers: number;
  readonly numAttentionHeads: number;
  /** Divides `numAttentionHeads`; query head h reads key/value head `h // (heads / kv heads)`. */
  readonly numKvHeads: number;
  /** `hiddenSize / numAttentionHeads`; even. */
  readonly headDim: number;
  /** Inner width of the SwiGLU feed-forward. Source: LuminaFeedForward.__init__ */
  readonly feedForwardDim: number;
  /** Width of the timestep embedding: `min(hiddenSize, 1024)`. */
  readonly tembDim: number;
  /** Width of the sinusoid that the timestep embedding starts from. */
  readonly timestepFrequencyDim: number;
  /** Epsilon of every RMSNorm but the output's. */
  readonly normEps: number;
  /** Width of each rotary axis (sequence, row, column); even, they add up to `headDim`. */
  readonly axesDimRope: readonly [number, number, number];
  /** How many positions each rotary axis was trained with. */
  readonly axesLens: readonly [number, number, number];
  /** Width of the text features: `hiddenSize` of the language model. */
  readonly textFeatDim: number;
  /** The timestep (0..1) is multiplied by this before the sinusoid. */
  readonly timestepScale: number;
}

/** The picture autoencoder (`vae/config.json`, AutoencoderKL without quant convolutions). */
export interface VaeConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** Channels at each resolution, from the picture to the latents. */
  readonly blockOutChannels: readonly number[];
  /** Residual blocks per resolution in the encoder; the decoder has one more. */
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
  /** Side in pixels of the pictures it was trained on; the official code tiles above it, if tiling is switched on. */
  readonly sampleSize: number;
  /** Latents are `(z - shiftFactor) * scalingFactor`. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Pixels per latent pixel, along one side: `2^(resolutions - 1)`. */
  readonly downscaleFactor: number;
}

/** The language model of Qwen2.5-VL. */
export interface LanguageConfig {
  readonly vocabSize: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHiddenLayers: number;
  readonly numAttentionHeads: number;
  readonly numKeyValueHeads: number;
  /** `hiddenSize / numAttentionHeads`; even. */
  readonly headDim: number;
  readonly rmsNormEps: number;
  readonly ropeTheta: number;
  /** How the rotary half-dimension is split over (time, row, column); adds up to `headDim / 2`. */
  readonly mropeSection: readonly [number, number, number];
  /** Whether the output projection is the token embedding. */
  readonly tieWordEmbeddings: boolean;
  readonly maxPositionEmbeddings: number;
}

/** The vision tower of Qwen2.5-VL. */
export interface VisionConfig {
  readonly depth: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHeads: number;
  /** `hiddenSize / numHeads`; a multiple of 4 (row and column share it, in pairs). */
  readonly headDim: number;
  /** Width of the merged tokens: `hiddenSize` of the language model. */
  readonly outHiddenSize: number;
  readonly inChannels: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** Frames per patch; a still picture is repeated. */
  readonly temporalPatchSize: number;
  /** Patches per side that are merged into one token. */
  readonly spatialMergeSize: number;
  /** Side of an attention window, in pixels. */
  readonly windowSize: number;
  /** Blocks that attend over the whole picture; the others attend inside windows. */
  readonly fullattBlockIndexes: readonly number[];
  /** Epsilon of every RMSNorm; fixed in the official code. */
  readonly rmsNormEps: number;
}

/** The multimodal language model (`mllm/config.json`, Qwen2_5_VLForConditionalGeneration). */
export interface MllmConfig {
  readonly language: LanguageConfig;
  readonly vision: VisionConfig;
  /** Stands in the tokens for each merged token of a picture. */
  readonly imageTokenId: number;
  readonly videoTokenId: number;
  readonly visionStartTokenId: number;
  readonly visionEndTokenId: number;
}

/** How text is generated (`mllm/generation_config.json`). */
export interface GenerationConfig {
  readonly doSample: boolean;
  readonly temperature: number;
  /** Divides (positive) or multiplies (negative) the logits of tokens that occurred before. */
  readonly repetitionPenalty: number;
  readonly eosTokenIds: readonly number[];
}

/** The flow-match scheduler (`scheduler/scheduler_config.json`). */
export interface SchedulerConfig {
  readonly numTrainTimesteps: number;
  /** Whether timesteps are bent by the number of latent pixels. */
  readonly dynamicTimeShift: boolean;
}

/** How a picture is prepared for the vision tower (`processor/preprocessor_config.json`). */
export interface PreprocessorConfig {
  readonly minPixels: number;
  readonly maxPixels: number;
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  readonly mergeSize: number;
  /** Factor from 8-bit grey levels to 0..1. */
  readonly rescaleFactor: number;
  readonly imageMean: readonly [number, number, number];
  readonly imageStd: readonly [number, number, number];
}

/** All configurations of one checkpoint. */
export interface ModelConfig {
  readonly transformer: TransformerConfig;
  readonly vae: VaeConfig;
  readonly mllm: MllmConfig;
  readonly generation: GenerationConfig;
  readonly scheduler: SchedulerConfig;
  readonly preprocessor: PreprocessorConfig;
}
