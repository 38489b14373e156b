/**
 * The configuration files of the released OmniGen2 checkpoint.
 *
 * Source: OmniGen2/OmniGen2 on Hugging Face, `transformer`, `vae`, `mllm`, `scheduler` and `processor`.
 */

import { byteTokenizerFiles } from './byte-tokenizer.ts';

/** Files by path: JSON values, or text. */
export type ConfigFiles = Readonly<Record<string, unknown>>;

const TRANSFORMER = {
  _class_name: 'OmniGen2Transformer2DModel',
  _diffusers_version: '0.33.1',
  axes_dim_rope: [40, 40, 40],
  axes_lens: [1024, 1664, 1664],
  ffn_dim_multiplier: null,
  hidden_size: 2520,
  in_channels: 16,
  multiple_of: 256,
  norm_eps: 1e-5,
  num_attention_heads: 21,
  num_kv_heads: 7,
  num_layers: 32,
  num_refiner_layers: 2,
  out_channels: null,
  patch_size: 2,
  text_feat_dim: 2048,
  timestep_scale: 1000,
};

const VAE = {
  _class_name: 'AutoencoderKL',
  act_fn: 'silu',
  block_out_channels: [128, 256, 512, 512],
  down_block_types: ['DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D', 'DownEncoderBlock2D'],
  up_block_types: ['UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D', 'UpDecoderBlock2D'],
  force_upcast: true,
  in_channels: 3,
  latent_channels: 16,
  layers_per_block: 2,
  mid_block_add_attention: true,
  norm_num_groups: 32,
  out_channels: 3,
  sample_size: 1024,
  scaling_factor: 0.3611,
  shift_factor: 0.1159,
  use_post_quant_conv: false,
  use_quant_conv: false,
};

const MLLM = {
  architectures: ['Qwen2_5_VLForConditionalGeneration'],
  model_type: 'qwen2_5_vl',
  torch_dtype: 'bfloat16',
  bos_token_id: 151643,
  eos_token_id: 151645,
  hidden_act: 'silu',
  hidden_size: 2048,
  image_token_id: 151655,
  intermediate_size: 11008,
  max_position_embeddings: 128000,
  num_attention_heads: 16,
  num_hidden_layers: 36,
  num_key_value_heads: 2,
  rms_norm_eps: 1e-6,
  rope_scaling: { type: 'mrope', mrope_section: [16, 24, 24] },
  rope_theta: 1e6,
  tie_word_embeddings: true,
  use_sliding_window: false,
  video_token_id: 151656,
  vision_config: {
    depth: 32,
    fullatt_block_indexes: [7, 15, 23, 31],
    hidden_act: 'silu',
    hidden_size: 1280,
    in_chans: 3,
    intermediate_size: 3420,
    num_heads: 16,
    out_hidden_size: 2048,
    patch_size: 14,
    spatial_merge_size: 2,
    spatial_patch_size: 14,
    temporal_patch_size: 2,
    tokens_per_second: 2,
    window_size: 112,
  },
  vision_end_token_id: 151653,
  vision_start_token_id: 151652,
  vision_token_id: 151654,
  vocab_size: 151936,
};

/** All files of the released checkpoint except its weights. The tokenizer knows single bytes only. */
export function officialConfigs(): ConfigFiles {
  return {
    'model_index.json': {
      _class_name: 'OmniGen2Pipeline',
      _diffusers_version: '0.33.1',
      mllm: ['transformers', 'Qwen2_5_VLForConditionalGeneration'],
      processor: ['transformers', 'Qwen2_5_VLProcessor'],
      scheduler: ['scheduling_flow_match_euler_discrete_time_shifting', 'FlowMatchEulerDiscreteScheduler'],
      transformer: ['transformer_omnigen2', 'OmniGen2Transformer2DModel'],
      vae: ['diffusers', 'AutoencoderKL'],
    },
    'transformer/config.json': TRANSFORMER,
    'vae/config.json': VAE,
    'mllm/config.json': MLLM,
    'mllm/generation_config.json': {
      bos_token_id: 151643,
      do_sample: true,
      eos_token_id: [151645, 151643],
      pad_token_id: 151643,
      repetition_penalty: 1.05,
      temperature: 1e-6,
    },
    'scheduler/scheduler_config.json': {
      _class_name: 'FlowMatchEulerDiscreteScheduler',
      _diffusers_version: '0.33.1',
      dynamic_time_shift: true,
      num_train_timesteps: 1000,
    },
    'processor/preprocessor_config.json': {
      do_convert_rgb: true,
      do_normalize: true,
      do_rescale: true,
      do_resize: true,
      image_mean: [0.48145466, 0.4578275, 0.40821073],
      image_processor_type: 'Qwen2VLImageProcessor',
      image_std: [0.26862954, 0.26130258, 0.27577711],
      max_pixels: 12845056,
      merge_size: 2,
      min_pixels: 3136,
      patch_size: 14,
      processor_class: 'Qwen2_5_VLProcessor',
      resample: 3,
      rescale_factor: 1 / 255,
      temporal_patch_size: 2,
    },
    ...byteTokenizerFiles(),
  };
}
