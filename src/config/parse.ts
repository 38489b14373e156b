/**
 * Parses the configuration files of a checkpoint. Absent fields get the defaults of the official classes.
 * Fields without an effect on inference are ignored.
 *
 * `file` is how messages name the file. Every function throws OmniError `bad_checkpoint` for a missing field
 * or an impossible value, and `unsupported` for a well-formed value that this program does not implement.
 */

import type {
  GenerationConfig,
  LanguageConfig,
  MllmConfig,
  ModelConfig,
  PreprocessorConfig,
  SchedulerConfig,
  TransformerConfig,
  VaeConfig,
  VisionConfig,
} from './config.ts';
import { ConfigFields } from './fields.ts';

/** More layers than any such model has. A larger number would fill the memory. */
const MAX_LAYERS = 512;

/**
 * Parses `transformer/config.json`. Source: omnigen2/models/transformers/transformer_omnigen2.py: __init__
 *
 * @example
 * const path = 'transformer/config.json';
 * const { hiddenSize, numLayers } = parseTransformerConfig(parseJson(bytes, path), path);
 */
export function parseTransformerConfig(json: unknown, file: string): TransformerConfig {
  const fields = new ConfigFields(json, file);
  fields.only('_class_name', ['OmniGen2Transformer2DModel'], 'OmniGen2Transformer2DModel');
  const inChannels = fields.integer('in_channels');
  const hiddenSize = fields.integer('hidden_size');
  const numAttentionHeads = fields.integer('num_attention_heads');
  const numKvHeads = fields.integer('num_kv_heads');
  const headDim = headSize(fields, 'hidden_size', hiddenSize, 'num_attention_heads', numAttentionHeads);
  checkHeadGroups(fields, 'num_attention_heads', numAttentionHeads, 'num_kv_heads', numKvHeads);
  const axesDimRope = triple(fields.integers('axes_dim_rope', { length: 3, min: 2 }));
  if (sum(axesDimRope) !== headDim || axesDimRope.some((dim) => dim % 2 === 1)) {
    throw fields.wrong(
      'axes_dim_rope',
      `must be three even numbers that add up to ${headDim} (hidden_size ${hiddenSize} / num_attention_heads ${numAttentionHeads})`,
    );
  }
  const multipleOf = fields.integer('multiple_of');
  const multiplier = fields.has('ffn_dim_multiplier') ? fields.positive('ffn_dim_multiplier') : 1;
  return {
    patchSize: fields.integer('patch_size', { max: 64 }),
    inChannels,
    outChannels: fields.integer('out_channels', { absent: inChannels }),
    hiddenSize,
    numLayers: fields.integer('num_layers', { max: MAX_LAYERS }),
    numRefinerLayers: fields.integer('num_refiner_layers', { max: MAX_LAYERS }),
    numAttentionHeads,
    numKvHeads,
    headDim,
    // Source: omnigen2/models/transformers/block_lumina2.py: LuminaFeedForward.__init__
    feedForwardDim: multipleOf * Math.ceil(Math.trunc(multiplier * 4 * hiddenSize) / multipleOf),
    tembDim: Math.min(hiddenSize, 1024),
    timestepFrequencyDim: 256,
    normEps: fields.positive('norm_eps'),
    axesDimRope,
    axesLens: triple(fields.integers('axes_lens', { length: 3 })),
    textFeatDim: fields.integer('text_feat_dim'),
    timestepScale: fields.positive('timestep_scale', 1),
  };
}

/**
 * Parses `vae/config.json`. Source: diffusers/models/autoencoders/autoencoder_kl.py: __init__
 *
 * @example
 * const { downscaleFactor } = parseVaeConfig(parseJson(bytes, 'vae/config.json'), 'vae/config.json');
 */
export function parseVaeConfig(json: unknown, file: string): VaeConfig {
  const fields = new ConfigFields(json, file);
  fields.only('_class_name', ['AutoencoderKL'], 'AutoencoderKL');
  fields.only('act_fn', ['silu'], 'silu');
  fields.only('use_quant_conv', [false], true);
  fields.only('use_post_quant_conv', [false], true);
  fields.only('mid_block_add_attention', [true], true);
  const blockOutChannels = fields.integers('block_out_channels');
  if (blockOutChannels.length < 1 || blockOutChannels.length > 8) {
    throw fields.wrong('block_out_channels', 'must list 1 to 8 sizes');
  }
  for (const [name, type] of [
    ['down_block_types', 'DownEncoderBlock2D'],
    ['up_block_types', 'UpDecoderBlock2D'],
  ]) {
    const types = fields.strings(name);
    const other = types.find((item) => item !== type);
    if (other !== undefined) throw fields.unsupported(name, `names ${other}`, type);
    if (types.length !== blockOutChannels.length) {
      throw fields.wrong(
        name,
        `must have as many entries as block_out_channels (${blockOutChannels.length})`,
      );
    }
  }
  const normNumGroups = fields.integer('norm_num_groups');
  if (blockOutChannels.some((channels) => channels % normNumGroups !== 0)) {
    throw fields.wrong(
      'norm_num_groups',
      `must divide every one of block_out_channels [${blockOutChannels}]`,
    );
  }
  return {
    inChannels: fields.only('in_channels', [3]),
    outChannels: fields.only('out_channels', [3]),
    latentChannels: fields.integer('latent_channels'),
    blockOutChannels,
    layersPerBlock: fields.integer('layers_per_block', { max: MAX_LAYERS }),
    normNumGroups,
    sampleSize: fields.integer('sample_size'),
    scalingFactor: fields.positive('scaling_factor', 1),
    shiftFactor: fields.number('shift_factor', 0),
    downscaleFactor: 2 ** (blockOutChannels.length - 1),
  };
}

/**
 * Parses `mllm/config.json`: flat, as transformers up to 4.51 writes it, or with the language model under
 * `text_config`, as later versions do.
 * Source: transformers/models/qwen2_5_vl/configuration_qwen2_5_vl.py
 *
 * @example
 * const { language, vision } = parseMllmConfig(parseJson(bytes, 'mllm/config.json'), 'mllm/config.json');
 */
export function parseMllmConfig(json: unknown, file: string): MllmConfig {
  const fields = new ConfigFields(json, file);
  fields.only('model_type', ['qwen2_5_vl']);
  const language = parseLanguageConfig(fields);
  const vision = parseVisionConfig(fields.object('vision_config'));
  if (vision.outHiddenSize !== language.hiddenSize) {
    throw fields
      .object('vision_config')
      .wrong('out_hidden_size', `must equal the language model's hidden_size (${language.hiddenSize})`);
  }
  const token = (name: string) => fields.integer(name, { min: 0, max: language.vocabSize - 1 });
  return {
    language,
    vision,
    imageTokenId: token('image_token_id'),
    videoTokenId: token('video_token_id'),
    visionStartTokenId: token('vision_start_token_id'),
    visionEndTokenId: token('vision_end_token_id'),
  };
}

function parseLanguageConfig(top: ConfigFields): LanguageConfig {
  const fields = top.has('text_config') ? top.object('text_config') : top;
  fields.only('hidden_act', ['silu'], 'silu');
  fields.only('use_sliding_window', [false], false);
  const hiddenSize = fields.integer('hidden_size');
  const numAttentionHeads = fields.integer('num_attention_heads');
  const numKeyValueHeads = fields.integer('num_key_value_heads');
  const headDim = headSize(fields, 'hidden_size', hiddenSize, 'num_attention_heads', numAttentionHeads);
  fields.only('head_dim', [headDim], headDim);
  checkHeadGroups(fields, 'num_attention_heads', numAttentionHeads, 'num_key_value_heads', numKeyValueHeads);
  const rope = fields.object(fields.has('rope_parameters') ? 'rope_parameters' : 'rope_scaling');
  // Older files say "mrope". Either way, `mrope_section` makes the positions multimodal.
  rope.only('rope_type', ['default', 'mrope'], 'default');
  rope.only('type', ['default', 'mrope'], 'default');
  const mropeSection = triple(rope.integers('mrope_section', { length: 3, min: 0 }));
  if (2 * sum(mropeSection) !== headDim) {
    throw rope.wrong('mrope_section', `must add up to ${headDim / 2}, half of a head's size`);
  }
  return {
    vocabSize: fields.integer('vocab_size'),
    hiddenSize,
    intermediateSize: fields.integer('intermediate_size'),
    numHiddenLayers: fields.integer('num_hidden_layers', { max: MAX_LAYERS }),
    numAttentionHeads,
    numKeyValueHeads,
    headDim,
    rmsNormEps: fields.positive('rms_norm_eps'),
    ropeTheta: (fields.has('rope_theta') ? fields : rope).positive('rope_theta', 1e6),
    mropeSection,
    tieWordEmbeddings: (top.has('tie_word_embeddings') ? top : fields).boolean('tie_word_embeddings', false),
    maxPositionEmbeddings: fields.integer('max_position_embeddings'),
  };
}

/** Newer versions of transformers omit fields that have the default of Qwen2_5_VLVisionConfig. */
function parseVisionConfig(fields: ConfigFields): VisionConfig {
  fields.only('hidden_act', ['silu'], 'silu');
  const hiddenSize = fields.integer('hidden_size');
  const numHeads = fields.integer('num_heads', { absent: 16 });
  const headDim = headSize(fields, 'hidden_size', hiddenSize, 'num_heads', numHeads);
  if (headDim % 4 !== 0) {
    throw fields.wrong(
      'num_heads',
      `hidden_size ${hiddenSize} / num_heads ${numHeads} must be a multiple of 4: row and column each rotate pairs`,
    );
  }
  const depth = fields.integer('depth', { absent: 32, max: MAX_LAYERS });
  const patchSize = fields.integer('patch_size', { absent: 14, max: 256 });
  const spatialMergeSize = fields.integer('spatial_merge_size', { absent: 2, max: 16 });
  const windowSize = fields.integer('window_size', { absent: 112 });
  if (Math.floor(Math.floor(windowSize / spatialMergeSize) / patchSize) < 1) {
    throw fields.wrong(
      'window_size',
      `must be at least ${patchSize * spatialMergeSize} pixels, one merged token`,
    );
  }
  const fullattBlockIndexes = fields.integers('fullatt_block_indexes', { min: 0, absent: [7, 15, 23, 31] });
  if (fullattBlockIndexes.some((index) => index >= depth)) {
    throw fields.wrong(
      'fullatt_block_indexes',
      `must name blocks from 0 to ${depth - 1} (depth is ${depth})`,
    );
  }
  return {
    depth,
    hiddenSize,
    intermediateSize: fields.integer('intermediate_size', { absent: 3420 }),
    numHeads,
    headDim,
    outHiddenSize: fields.integer('out_hidden_size', { absent: 3584 }),
    inChannels: fields.only(fields.has('in_chans') ? 'in_chans' : 'in_channels', [3], 3),
    patchSize,
    temporalPatchSize: fields.integer('temporal_patch_size', { absent: 2, max: 16 }),
    spatialMergeSize,
    windowSize,
    fullattBlockIndexes,
    rmsNormEps: 1e-6,
  };
}

/**
 * Parses `mllm/generation_config.json`.
 * Source: transformers/generation/configuration_utils.py: GenerationConfig
 *
 * @example
 * const path = 'mllm/generation_config.json';
 * const { eosTokenIds } = parseGenerationConfig(parseJson(bytes, path), path);
 */
export function parseGenerationConfig(json: unknown, file: string): GenerationConfig {
  const fields = new ConfigFields(json, file);
  // One ID or a list of IDs.
  const eosTokenIds = fields.isList('eos_token_id')
    ? fields.integers('eos_token_id', { min: 0 })
    : [fields.integer('eos_token_id', { min: 0 })];
  return {
    doSample: fields.boolean('do_sample', false),
    temperature: fields.positive('temperature', 1),
    repetitionPenalty: fields.positive('repetition_penalty', 1),
    eosTokenIds,
  };
}

/**
 * Parses `scheduler/scheduler_config.json`.
 * Source: omnigen2/schedulers/scheduling_flow_match_euler_discrete.py: __init__
 *
 * @example
 * const path = 'scheduler/scheduler_config.json';
 * const { dynamicTimeShift } = parseSchedulerConfig(parseJson(bytes, path), path);
 */
export function parseSchedulerConfig(json: unknown, file: string): SchedulerConfig {
  const fields = new ConfigFields(json, file);
  fields.only('_class_name', ['FlowMatchEulerDiscreteScheduler']);
  return {
    numTrainTimesteps: fields.integer('num_train_timesteps', { absent: 1000 }),
    dynamicTimeShift: fields.boolean('dynamic_time_shift', true),
  };
}

/**
 * Parses `processor/preprocessor_config.json`.
 * Source: transformers/models/qwen2_vl/image_processing_qwen2_vl.py
 *
 * @example
 * const path = 'processor/preprocessor_config.json';
 * const { minPixels, maxPixels } = parsePreprocessorConfig(parseJson(bytes, path), path);
 */
export function parsePreprocessorConfig(json: unknown, file: string): PreprocessorConfig {
  const fields = new ConfigFields(json, file);
  const bicubic = 3;
  fields.only('resample', [bicubic], bicubic);
  for (const step of ['do_resize', 'do_rescale', 'do_normalize', 'do_convert_rgb']) {
    fields.only(step, [true], true);
  }
  const size = fields.has('min_pixels') || !fields.has('size') ? undefined : fields.object('size');
  const patchSize = fields.integer('patch_size', { absent: 14, max: 256 });
  const mergeSize = fields.integer('merge_size', { absent: 2, max: 16 });
  const minPixels = size ? size.integer('shortest_edge') : fields.integer('min_pixels', { absent: 56 * 56 });
  // The smallest possible picture is one merged token.
  const maxRange = { min: (patchSize * mergeSize) ** 2 };
  const maxPixels = size
    ? size.integer('longest_edge', maxRange)
    : fields.integer('max_pixels', { absent: 28 * 28 * 1280, ...maxRange });
  if (minPixels > maxPixels) {
    throw fields.wrong(
      size ? 'size' : 'min_pixels',
      `its minimum ${minPixels} is above its maximum ${maxPixels}`,
    );
  }
  const imageStd = triple(fields.numbers('image_std', 3));
  if (imageStd.some((value) => value <= 0)) throw fields.wrong('image_std', 'must be greater than 0');
  return {
    minPixels,
    maxPixels,
    patchSize,
    temporalPatchSize: fields.integer('temporal_patch_size', { absent: 2, max: 16 }),
    mergeSize,
    rescaleFactor: fields.positive('rescale_factor', 1 / 255),
    imageMean: triple(fields.numbers('image_mean', 3)),
    imageStd,
  };
}

/**
 * Finds two fields of different components that must be equal and are not. Undefined if all components fit.
 */
export function configMismatch(config: ModelConfig): string | undefined {
  const { transformer, vae, mllm, preprocessor } = config;
  const pairs: readonly (readonly [string, number, string, number])[] = [
    ['transformer in_channels', transformer.inChannels, 'vae latent_channels', vae.latentChannels],
    ['transformer out_channels', transformer.outChannels, 'vae latent_channels', vae.latentChannels],
    ['transformer text_feat_dim', transformer.textFeatDim, 'mllm hidden_size', mllm.language.hiddenSize],
    ['processor patch_size', preprocessor.patchSize, 'mllm vision patch_size', mllm.vision.patchSize],
    ['processor merge_size', preprocessor.mergeSize, 'mllm spatial_merge_size', mllm.vision.spatialMergeSize],
    [
      'processor temporal_patch_size',
      preprocessor.temporalPatchSize,
      'mllm temporal_patch_size',
      mllm.vision.temporalPatchSize,
    ],
  ];
  const wrong = pairs.find(([, a, , b]) => a !== b);
  return wrong && `${wrong[0]} is ${wrong[1]}, but ${wrong[2]} is ${wrong[3]}`;
}

/** The size of an attention head. It must be even, because rotary embeddings rotate pairs. */
function headSize(
  fields: ConfigFields,
  hiddenName: string,
  hidden: number,
  headsName: string,
  heads: number,
): number {
  if (hidden % heads !== 0) throw fields.wrong(headsName, `must divide ${hiddenName} (${hidden})`);
  const size = hidden / heads;
  if (size % 2 !== 0) {
    throw fields.wrong(
      headsName,
      `${hiddenName} ${hidden} / ${heads} = ${size} must be even: rotary embeddings rotate pairs`,
    );
  }
  return size;
}

function checkHeadGroups(fields: ConfigFields, headsName: string, heads: number, kvName: string, kv: number) {
  if (heads % kv !== 0) throw fields.wrong(kvName, `must divide ${headsName} (${heads})`);
}

function triple(values: readonly number[]): [number, number, number] {
  const [a, b, c] = values;
  return [a, b, c];
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}
