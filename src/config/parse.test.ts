import { describe, expect, it } from 'vitest';
import { officialConfigs } from '../../cli/official-size/configs.ts';
import { fixtureFiles, refusal, textOf } from '../checkpoints/fixture.node.ts';
import {
  parseGenerationConfig,
  parseMllmConfig,
  parsePreprocessorConfig,
  parseSchedulerConfig,
  parseTransformerConfig,
  parseVaeConfig,
} from './parse.ts';

const files = await fixtureFiles();
type Json = Record<string, unknown>;
const json = (path: string): Json => JSON.parse(textOf(files, path));
const PARSERS: Record<string, (json: unknown, file: string) => unknown> = {
  'transformer/config.json': parseTransformerConfig,
  'vae/config.json': parseVaeConfig,
  'mllm/config.json': parseMllmConfig,
  'mllm/generation_config.json': parseGenerationConfig,
  'scheduler/scheduler_config.json': parseSchedulerConfig,
  'processor/preprocessor_config.json': parsePreprocessorConfig,
};

describe('computed sizes', () => {
  it('of the released model', () => {
    const path = 'transformer/config.json';
    const config = parseTransformerConfig(officialConfigs()[path], path);
    expect(config).toMatchObject({ headDim: 120, feedForwardDim: 10240, tembDim: 1024, outChannels: 16 });
  });

  it('of a feed-forward with a multiplier: truncated, then rounded up', () => {
    const config = parseTransformerConfig(
      { ...json('transformer/config.json'), ffn_dim_multiplier: 0.6667, multiple_of: 50 },
      'transformer/config.json',
    );
    // trunc(4 * 96 * 0.6667) = 256
    expect(config.feedForwardDim).toBe(300);
  });

  it('of the VAE', () => {
    expect(parseVaeConfig(json('vae/config.json'), 'vae/config.json')).toMatchObject({
      downscaleFactor: 8,
      scalingFactor: 0.3611,
      shiftFactor: 0.1159,
    });
  });
});

describe('the language model configuration', () => {
  it('gives the same result nested, as later versions write it, and flat', () => {
    const flat = json('mllm/config.json');
    const topLevel = ['architectures', 'model_type', 'vision_config', 'tie_word_embeddings'];
    const ids = Object.keys(flat).filter((key) => key.endsWith('token_id'));
    const isTop = ([key]: [string, unknown]) => topLevel.includes(key) || ids.includes(key);
    const entries = Object.entries(flat);
    const { rope_scaling, rope_theta, ...text } = Object.fromEntries(
      entries.filter((entry) => !isTop(entry)),
    );
    const nested = {
      ...Object.fromEntries(entries.filter(isTop)),
      text_config: { ...text, rope_parameters: { ...(rope_scaling as Json), rope_theta } },
    };
    expect(parseMllmConfig(nested, 'mllm/config.json')).toEqual(parseMllmConfig(flat, 'mllm/config.json'));
  });

  it('uses the official defaults for absent fields of the vision tower', () => {
    const flat = json('mllm/config.json');
    const vision = parseMllmConfig(
      { ...flat, vision_config: { hidden_size: 1280, out_hidden_size: 64 } },
      'mllm/config.json',
    ).vision;
    expect(vision).toMatchObject({
      depth: 32,
      numHeads: 16,
      intermediateSize: 3420,
      windowSize: 112,
      patchSize: 14,
    });
    expect(vision.fullattBlockIndexes).toEqual([7, 15, 23, 31]);
  });

  it('accepts the older name of the rope type', () => {
    const flat = json('mllm/config.json');
    const rope_scaling = { type: 'mrope', mrope_section: [2, 3, 3] };
    expect(parseMllmConfig({ ...flat, rope_scaling }, 'mllm/config.json').language.mropeSection).toEqual([
      2, 3, 3,
    ]);
  });
});

describe('errors name file, field and value', () => {
  it.each<[file: string, edit: (config: Json) => void, message: string | RegExp, code?: string]>([
    [
      'transformer/config.json',
      (c) => delete c.hidden_size,
      'transformer/config.json: hidden_size is missing.',
    ],
    [
      'transformer/config.json',
      (c) => {
        c.hidden_size = '96';
      },
      /hidden_size is "96", but must be a whole number/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.hidden_size = 1e12;
      },
      /hidden_size is 1000000000000, but must be a whole number/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.num_layers = 1e6;
      },
      /num_layers is 1000000, but must be .* from 1 to 512/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.num_layers = 0;
      },
      /num_layers is 0/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.num_layers = 2.5;
      },
      /num_layers is 2.5/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.num_layers = null;
      },
      /num_layers is null/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.num_attention_heads = 5;
      },
      /num_attention_heads is 5, but must divide hidden_size \(96\)/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.num_attention_heads = 32;
      },
      /96 \/ 32 = 3 must be even/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.num_kv_heads = 3;
      },
      /num_kv_heads is 3, but must divide num_attention_heads \(4\)/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.axes_dim_rope = [8, 8, 10];
      },
      /axes_dim_rope is \[8,8,10\], but must be three even numbers that add up to 24/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.axes_dim_rope = [7, 8, 9];
      },
      /three even numbers/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.axes_dim_rope = [12, 12];
      },
      /axes_dim_rope is \[12,12\], but must be a list of 3/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c.norm_eps = -1e-5;
      },
      /norm_eps is -0.00001, but must be a number greater than 0/,
    ],
    [
      'transformer/config.json',
      (c) => {
        c._class_name = 'FluxTransformer2DModel';
      },
      /_class_name is "FluxTransformer2DModel"; this program supports "OmniGen2Transformer2DModel"/,
      'unsupported',
    ],
    [
      'vae/config.json',
      (c) => {
        c.act_fn = 'gelu';
      },
      'vae/config.json: act_fn is "gelu"; this program supports "silu".',
      'unsupported',
    ],
    [
      'vae/config.json',
      (c) => {
        c.use_quant_conv = true;
      },
      /use_quant_conv is true; this program supports false/,
      'unsupported',
    ],
    [
      'vae/config.json',
      (c) => delete c.use_post_quant_conv,
      /use_post_quant_conv is absent, which means true/,
      'unsupported',
    ],
    [
      'vae/config.json',
      (c) => {
        c.in_channels = 4;
      },
      /in_channels is 4; this program supports 3/,
      'unsupported',
    ],
    [
      'vae/config.json',
      (c) => {
        c.down_block_types = ['DownEncoderBlock2D', 'AttnDownEncoderBlock2D'];
      },
      /down_block_types names AttnDownEncoderBlock2D/,
      'unsupported',
    ],
    [
      'vae/config.json',
      (c) => {
        c.up_block_types = ['UpDecoderBlock2D'];
      },
      /as many entries as block_out_channels \(4\)/,
    ],
    [
      'vae/config.json',
      (c) => {
        c.norm_num_groups = 7;
      },
      /norm_num_groups is 7, but must divide every one/,
    ],
    [
      'vae/config.json',
      (c) => {
        c.scaling_factor = 'NaN';
      },
      /scaling_factor is "NaN"/,
    ],
    [
      'vae/config.json',
      (c) => {
        c.block_out_channels = [];
      },
      /block_out_channels is \[\]/,
    ],
    [
      'mllm/config.json',
      (c) => {
        c.model_type = 'qwen2_vl';
      },
      /model_type is "qwen2_vl"; this program supports "qwen2_5_vl"/,
      'unsupported',
    ],
    [
      'mllm/config.json',
      (c) => {
        c.use_sliding_window = true;
      },
      /use_sliding_window is true/,
      'unsupported',
    ],
    [
      'mllm/config.json',
      (c) => {
        c.hidden_act = 'gelu';
      },
      /hidden_act is "gelu"/,
      'unsupported',
    ],
    [
      'mllm/config.json',
      (c) => {
        c.head_dim = 32;
      },
      /head_dim is 32; this program supports 16/,
      'unsupported',
    ],
    [
      'mllm/config.json',
      (c) => {
        c.rope_scaling = { type: 'yarn', mrope_section: [2, 3, 3] };
      },
      /rope_scaling\.type is "yarn"/,
      'unsupported',
    ],
    [
      'mllm/config.json',
      (c) => {
        c.rope_scaling = null;
      },
      /rope_scaling is null, not an object/,
    ],
    [
      'mllm/config.json',
      (c) => {
        c.rope_scaling = { mrope_section: [4, 4, 4] };
      },
      /mrope_section is \[4,4,4\], but must add up to 8/,
    ],
    [
      'mllm/config.json',
      (c) => {
        c.image_token_id = 640;
      },
      /image_token_id is 640, but must be a whole number from 0 to 639/,
    ],
    ['mllm/config.json', (c) => delete c.vision_config, /vision_config is missing/],
    [
      'mllm/config.json',
      (c) => {
        (c.vision_config as Json).out_hidden_size = 32;
      },
      /vision_config\.out_hidden_size is 32, but must equal the language model's hidden_size \(64\)/,
    ],
    [
      'mllm/config.json',
      (c) => {
        (c.vision_config as Json).num_heads = 16;
      },
      /num_heads is 16, but hidden_size 32 \/ num_heads 16 must be a multiple of 4/,
    ],
    [
      'mllm/config.json',
      (c) => {
        (c.vision_config as Json).fullatt_block_indexes = [1, 9];
      },
      /fullatt_block_indexes is \[1,9\], but must name blocks from 0 to 3/,
    ],
    [
      'mllm/config.json',
      (c) => {
        (c.vision_config as Json).window_size = 20;
      },
      /window_size is 20, but must be at least 28/,
    ],
    ['mllm/generation_config.json', (c) => delete c.eos_token_id, /eos_token_id is missing/],
    [
      'mllm/generation_config.json',
      (c) => {
        c.repetition_penalty = 0;
      },
      /repetition_penalty is 0/,
    ],
    [
      'scheduler/scheduler_config.json',
      (c) => {
        c._class_name = 'DDIMScheduler';
      },
      /_class_name is "DDIMScheduler"/,
      'unsupported',
    ],
    [
      'scheduler/scheduler_config.json',
      (c) => {
        c.dynamic_time_shift = 'yes';
      },
      /dynamic_time_shift is "yes", but must be true or false/,
    ],
    [
      'processor/preprocessor_config.json',
      (c) => {
        c.resample = 2;
      },
      /resample is 2; this program supports 3/,
      'unsupported',
    ],
    [
      'processor/preprocessor_config.json',
      (c) => {
        c.image_std = [0, 1, 1];
      },
      /image_std is \[0,1,1\], but must be greater than 0/,
    ],
    [
      'processor/preprocessor_config.json',
      (c) => {
        c.image_mean = [0.5];
      },
      /image_mean is \[0.5\], but must be a list of 3 numbers/,
    ],
    [
      'processor/preprocessor_config.json',
      (c) => {
        c.min_pixels = 1e7;
        c.max_pixels = 1000;
      },
      /its minimum 10000000 is above its maximum 1000/,
    ],
  ])('%s %#', async (path, edit, pattern, code = 'bad_checkpoint') => {
    const config = json(path);
    edit(config);
    const error = await refusal(() => PARSERS[path](config, path));
    expect(error.message).toMatch(pattern);
    expect(error.message).toContain(path);
    expect(error.code).toBe(code);
  });

  it.each(Object.keys(PARSERS))('%s that is a list, a number or null', async (path) => {
    for (const value of [[], 5, null, 'text']) {
      expect((await refusal(() => PARSERS[path](value, path))).message).toMatch(/, not an object/);
    }
  });
});
