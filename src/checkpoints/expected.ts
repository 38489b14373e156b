/**
 * The tensors that each component must have, by official name. They follow from its configuration.
 *
 * Sources: omnigen2/models/transformers/transformer_omnigen2.py and block_lumina2.py; diffusers
 * models/autoencoders/{autoencoder_kl,vae}.py; transformers models/qwen2_5_vl/modeling_qwen2_5_vl.py.
 */

import {
  type LanguageConfig,
  MAX_REFERENCES,
  type MllmConfig,
  type TransformerConfig,
  type VaeConfig,
  type VisionConfig,
} from '../config/config.ts';

/** A tensor that a configuration needs. */
export interface ExpectedTensor {
  readonly name: string;
  readonly shape: readonly number[];
  /** The configuration fields that give the dimensions, in order, for messages. */
  readonly rule: string;
}

/** A dimension and the configuration field that gives it. */
type Size = readonly [size: number, field: string];

class Expectations {
  readonly tensors: ExpectedTensor[] = [];

  add(name: string, ...sizes: readonly Size[]): void {
    this.tensors.push({
      name,
      shape: sizes.map(([size]) => size),
      rule: sizes.map(([, field]) => field).join(', '),
    });
  }

  /** A matrix `[out, in]`, and the bias `[out]` if the layer has one. */
  linear(name: string, out: Size, input: Size, bias: boolean): void {
    this.add(`${name}.weight`, out, input);
    if (bias) this.add(`${name}.bias`, out);
  }

  /** A square convolution `[out, in, k, k]` with its bias. */
  conv(name: string, out: Size, input: Size, kernel: number): void {
    const side: Size = [kernel, `kernel ${kernel}`];
    this.add(`${name}.weight`, out, input, side, side);
    this.add(`${name}.bias`, out);
  }

  /** Gain and bias of a group norm. */
  groupNorm(name: string, channels: Size): void {
    this.add(`${name}.weight`, channels);
    this.add(`${name}.bias`, channels);
  }
}

/** All tensors of the diffusion transformer. */
export function expectedTransformer(config: TransformerConfig): ExpectedTensor[] {
  const list = new Expectations();
  const hidden: Size = [config.hiddenSize, 'hidden_size'];
  const temb: Size = [config.tembDim, 'min(hidden_size, 1024)'];
  const patch = (channels: number, field: string): Size => [
    config.patchSize ** 2 * channels,
    `patch_size^2 * ${field}`,
  ];
  list.linear('x_embedder', hidden, patch(config.inChannels, 'in_channels'), true);
  list.linear('ref_image_patch_embedder', hidden, patch(config.inChannels, 'in_channels'), true);
  list.add('image_index_embedding', [MAX_REFERENCES, `${MAX_REFERENCES} references`], hidden);
  const time = 'time_caption_embed.timestep_embedder';
  list.linear(`${time}.linear_1`, temb, [config.timestepFrequencyDim, '256 frequencies'], true);
  list.linear(`${time}.linear_2`, temb, temb, true);
  const text: Size = [config.textFeatDim, 'text_feat_dim'];
  list.add('time_caption_embed.caption_embedder.0.weight', text);
  list.linear('time_caption_embed.caption_embedder.1', hidden, text, true);
  const stacks: readonly [name: string, count: number, modulated: boolean][] = [
    ['noise_refiner', config.numRefinerLayers, true],
    ['ref_image_refiner', config.numRefinerLayers, true],
    ['context_refiner', config.numRefinerLayers, false],
    ['layers', config.numLayers, true],
  ];
  for (const [stack, count, modulated] of stacks) {
    for (let i = 0; i < count; i++) transformerBlock(list, `${stack}.${i}`, config, modulated);
  }
  list.linear('norm_out.linear_1', hidden, temb, true);
  list.linear('norm_out.linear_2', patch(config.outChannels, 'out_channels'), hidden, true);
  return list.tensors;
}

function transformerBlock(list: Expectations, name: string, config: TransformerConfig, modulated: boolean) {
  const hidden: Size = [config.hiddenSize, 'hidden_size'];
  const headDim: Size = [config.headDim, 'hidden_size / num_attention_heads'];
  const kv: Size = [config.numKvHeads * config.headDim, 'num_kv_heads * head size'];
  const inner: Size = [config.feedForwardDim, '4 * hidden_size * ffn_dim_multiplier, up to multiple_of'];
  list.linear(`${name}.attn.to_q`, hidden, hidden, false);
  list.linear(`${name}.attn.to_k`, kv, hidden, false);
  list.linear(`${name}.attn.to_v`, kv, hidden, false);
  list.linear(`${name}.attn.to_out.0`, hidden, hidden, false);
  list.add(`${name}.attn.norm_q.weight`, headDim);
  list.add(`${name}.attn.norm_k.weight`, headDim);
  list.linear(`${name}.feed_forward.linear_1`, inner, hidden, false);
  list.linear(`${name}.feed_forward.linear_2`, hidden, inner, false);
  list.linear(`${name}.feed_forward.linear_3`, inner, hidden, false);
  if (modulated) {
    const temb: Size = [config.tembDim, 'min(hidden_size, 1024)'];
    list.linear(`${name}.norm1.linear`, [4 * config.hiddenSize, '4 * hidden_size'], temb, true);
    list.add(`${name}.norm1.norm.weight`, hidden);
  } else {
    list.add(`${name}.norm1.weight`, hidden);
  }
  for (const norm of ['norm2', 'ffn_norm1', 'ffn_norm2']) list.add(`${name}.${norm}.weight`, hidden);
}

/** All tensors of the VAE. */
export function expectedVae(config: VaeConfig): ExpectedTensor[] {
  const list = new Expectations();
  const channels = config.blockOutChannels.map((size, i): Size => [size, `block_out_channels[${i}]`]);
  const [first, last] = [channels[0], channels[channels.length - 1]];
  const picture = (field: string, size: number): Size => [size, field];

  list.conv('encoder.conv_in', first, picture('in_channels', config.inChannels), 3);
  channels.forEach((size, i) => {
    const block = `encoder.down_blocks.${i}`;
    for (let j = 0; j < config.layersPerBlock; j++) {
      resnet(list, `${block}.resnets.${j}`, j === 0 && i > 0 ? channels[i - 1] : size, size);
    }
    if (i < channels.length - 1) list.conv(`${block}.downsamplers.0.conv`, size, size, 3);
  });
  middle(list, 'encoder.mid_block', last);
  list.groupNorm('encoder.conv_norm_out', last);
  list.conv('encoder.conv_out', [2 * config.latentChannels, '2 * latent_channels'], last, 3);

  list.conv('decoder.conv_in', last, [config.latentChannels, 'latent_channels'], 3);
  middle(list, 'decoder.mid_block', last);
  const upward = channels.toReversed();
  upward.forEach((size, i) => {
    const block = `decoder.up_blocks.${i}`;
    for (let j = 0; j <= config.layersPerBlock; j++) {
      resnet(list, `${block}.resnets.${j}`, j === 0 && i > 0 ? upward[i - 1] : size, size);
    }
    if (i < upward.length - 1) list.conv(`${block}.upsamplers.0.conv`, size, size, 3);
  });
  list.groupNorm('decoder.conv_norm_out', first);
  list.conv('decoder.conv_out', picture('out_channels', config.outChannels), first, 3);
  return list.tensors;
}

function resnet(list: Expectations, name: string, input: Size, out: Size) {
  list.groupNorm(`${name}.norm1`, input);
  list.conv(`${name}.conv1`, out, input, 3);
  list.groupNorm(`${name}.norm2`, out);
  list.conv(`${name}.conv2`, out, out, 3);
  if (input[0] !== out[0]) list.conv(`${name}.conv_shortcut`, out, input, 1);
}

function middle(list: Expectations, name: string, channels: Size) {
  resnet(list, `${name}.resnets.0`, channels, channels);
  resnet(list, `${name}.resnets.1`, channels, channels);
  list.groupNorm(`${name}.attentions.0.group_norm`, channels);
  for (const part of ['to_q', 'to_k', 'to_v', 'to_out.0']) {
    list.linear(`${name}.attentions.0.${part}`, channels, channels, true);
  }
}

/** All tensors of the mllm, under the names `model.…` and `visual.…`. */
export function expectedMllm(config: MllmConfig): ExpectedTensor[] {
  const list = new Expectations();
  languageModel(list, config.language);
  visionTower(list, config.vision);
  return list.tensors;
}

function languageModel(list: Expectations, config: LanguageConfig) {
  const hidden: Size = [config.hiddenSize, 'hidden_size'];
  const kv: Size = [config.numKeyValueHeads * config.headDim, 'num_key_value_heads * head size'];
  const inner: Size = [config.intermediateSize, 'intermediate_size'];
  const vocabulary: Size = [config.vocabSize, 'vocab_size'];
  list.add('model.embed_tokens.weight', vocabulary, hidden);
  for (let i = 0; i < config.numHiddenLayers; i++) {
    const layer = `model.layers.${i}`;
    list.linear(`${layer}.self_attn.q_proj`, hidden, hidden, true);
    list.linear(`${layer}.self_attn.k_proj`, kv, hidden, true);
    list.linear(`${layer}.self_attn.v_proj`, kv, hidden, true);
    list.linear(`${layer}.self_attn.o_proj`, hidden, hidden, false);
    list.linear(`${layer}.mlp.gate_proj`, inner, hidden, false);
    list.linear(`${layer}.mlp.up_proj`, inner, hidden, false);
    list.linear(`${layer}.mlp.down_proj`, hidden, inner, false);
    list.add(`${layer}.input_layernorm.weight`, hidden);
    list.add(`${layer}.post_attention_layernorm.weight`, hidden);
  }
  list.add('model.norm.weight', hidden);
  if (!config.tieWordEmbeddings) list.add('lm_head.weight', vocabulary, hidden);
}

function visionTower(list: Expectations, config: VisionConfig) {
  const hidden: Size = [config.hiddenSize, 'vision hidden_size'];
  const inner: Size = [config.intermediateSize, 'vision intermediate_size'];
  const side: Size = [config.patchSize, 'patch_size'];
  list.add(
    'visual.patch_embed.proj.weight',
    hidden,
    [config.inChannels, 'in_channels'],
    [config.temporalPatchSize, 'temporal_patch_size'],
    side,
    side,
  );
  for (let i = 0; i < config.depth; i++) {
    const block = `visual.blocks.${i}`;
    list.add(`${block}.norm1.weight`, hidden);
    list.add(`${block}.norm2.weight`, hidden);
    list.linear(`${block}.attn.qkv`, [3 * config.hiddenSize, '3 * vision hidden_size'], hidden, true);
    list.linear(`${block}.attn.proj`, hidden, hidden, true);
    list.linear(`${block}.mlp.gate_proj`, inner, hidden, true);
    list.linear(`${block}.mlp.up_proj`, inner, hidden, true);
    list.linear(`${block}.mlp.down_proj`, hidden, inner, true);
  }
  const merged: Size = [
    config.hiddenSize * config.spatialMergeSize ** 2,
    'vision hidden_size * spatial_merge_size^2',
  ];
  list.add('visual.merger.ln_q.weight', hidden);
  list.linear('visual.merger.mlp.0', merged, merged, true);
  list.linear('visual.merger.mlp.2', [config.outHiddenSize, 'out_hidden_size'], merged, true);
}
