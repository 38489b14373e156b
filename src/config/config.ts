/**
 * Types of the configurations of a checkpoint's components.
 *
 * Every size in a graph comes from here. Fields are named after those of the official `config.json` files.
 * Values that follow from other fields (head and feed-forward sizes) are computed once, by `parse.ts`.
 */

/** How many references have their own index embedding. Source: OmniGen2Transformer2DModel.__init__ */
export const MAX_REFERENCES = 5;

/** The diffusion transformer (`transformer/config.json`, OmniGen2Transformer2DModel). */
export interface TransformerConfig {
  /** Side of a patch, in latent pixels. */
  readonly patchSize: number;
  /** Channels of the input latents. */
  readonly inChannels: number;
  /** Channels of the predicted velocity. */
  readonly outChannels: number;
  /** Width D of the token stream. */
  readonly hiddenSize: number;
  /** Main layers over the joint sequence. */
  readonly numLayers: number;
  /** Layers in each of the three refiners (noise, reference, context). */
  readonly numRefinerLayers: number;
  readonly numAttentionHeads: number;
  /** Divides `numAttentionHeads`. Query head h uses key/value head `floor(h / (heads / kv heads))`. */
  readonly numKvHeads: number;
  /** `hiddenSize / numAttentionHeads`; even. */
  readonly headDim: number;
  /** Inner width of the SwiGLU feed-forward. Source: LuminaFeedForward.__init__ */
  readonly feedForwardDim: number;
  /** Width of the timestep embedding: `min(hiddenSize, 1024)`. */
  readonly tembDim: number;
  /** Width of the sinusoidal input of the timestep embedding. */
  readonly timestepFrequencyDim: number;
  /** Epsilon of every RMSNorm except the output's. */
  readonly normEps: number;
  /** Width of each rotary axis (sequence, row, column). All are even and add up to `headDim`. */
  readonly axesDimRope: readonly [number, number, number];
  /** Number of positions of each rotary axis in training. */
  readonly axesLens: readonly [number, number, number];
  /** Width of the text features; equals `hiddenSize` of the language model. */
  readonly textFeatDim: number;
  /** Factor on the timestep (0 to 1) before the sinusoid. */
  readonly timestepScale: number;
}

/** The VAE (`vae/config.json`, AutoencoderKL without quant convolutions). */
export interface VaeConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  readonly latentChannels: number;
  /** Channels at each resolution, from the picture to the latents. */
  readonly blockOutChannels: readonly number[];
  /** Residual blocks per resolution of the encoder. The decoder has one more. */
  readonly layersPerBlock: number;
  readonly normNumGroups: number;
  /**
   * Side of the training pictures, in pixels. The official code tiles larger pictures if tiling is enabled.
   */
  readonly sampleSize: number;
  /** Latents are `(z - shiftFactor) * scalingFactor`. */
  readonly scalingFactor: number;
  readonly shiftFactor: number;
  /** Picture pixels per latent pixel along one side: `2^(resolutions - 1)`. */
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
  /** Split of half the head size over (time, row, column). Adds up to `headDim / 2`. */
  readonly mropeSection: readonly [number, number, number];
  /** Whether the output projection shares the weights of the token embedding. */
  readonly tieWordEmbeddings: boolean;
  readonly maxPositionEmbeddings: number;
}

/** The vision tower of Qwen2.5-VL. */
export interface VisionConfig {
  readonly depth: number;
  readonly hiddenSize: number;
  readonly intermediateSize: number;
  readonly numHeads: number;
  /** `hiddenSize / numHeads`; a multiple of 4, because row and column each rotate pairs in half of it. */
  readonly headDim: number;
  /** Width of the merged tokens; equals `hiddenSize` of the language model. */
  readonly outHiddenSize: number;
  readonly inChannels: number;
  /** Side of a patch, in pixels. */
  readonly patchSize: number;
  /** Frames per patch. A still picture is repeated. */
  readonly temporalPatchSize: number;
  /** Patches per side of the square that is merged into one token. */
  readonly spatialMergeSize: number;
  /** Side of an attention window, in pixels. */
  readonly windowSize: number;
  /** Blocks with attention over the whole picture. The others have window attention. */
  readonly fullattBlockIndexes: readonly number[];
  /** Epsilon of every RMSNorm; a constant in the official code. */
  readonly rmsNormEps: number;
}

/** The multimodal language model (`mllm/config.json`, Qwen2_5_VLForConditionalGeneration). */
export interface MllmConfig {
  readonly language: LanguageConfig;
  readonly vision: VisionConfig;
  /** Placeholder in the prompt, one for each merged token of a picture. */
  readonly imageTokenId: number;
  readonly videoTokenId: number;
  readonly visionStartTokenId: number;
  readonly visionEndTokenId: number;
}

/** Defaults of text generation (`mllm/generation_config.json`). */
export interface GenerationConfig {
  readonly doSample: boolean;
  readonly temperature: number;
  /** Divides the positive and multiplies the negative logits of tokens that occurred before. */
  readonly repetitionPenalty: number;
  readonly eosTokenIds: readonly number[];
}

/** The flow-match scheduler (`scheduler/scheduler_config.json`). */
export interface SchedulerConfig {
  readonly numTrainTimesteps: number;
  /** Whether timesteps are shifted depending on the number of latent pixels. */
  readonly dynamicTimeShift: boolean;
}

/** Preprocessing of pictures for the vision tower (`processor/preprocessor_config.json`). */
export interface PreprocessorConfig {
  readonly minPixels: number;
  readonly maxPixels: number;
  readonly patchSize: number;
  readonly temporalPatchSize: number;
  readonly mergeSize: number;
  /** Factor on 8-bit values; 1/255 maps them to 0 to 1. */
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
