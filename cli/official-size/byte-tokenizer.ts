/**
 * A Qwen2 tokenizer without merges: every byte of a text is a token. The special tokens have their official
 * ids, so that prompts have the official form. All other ids are made-up words, so that every answer has a
 * text.
 */

import { byteSymbols } from '../../src/omnigen2/language/tokenizer.transformers.ts';

/** The id of the first special token in the official vocabulary. */
const FIRST_SPECIAL = 151643;

/** In the order of their ids. Source: OmniGen2/OmniGen2, processor/added_tokens.json */
const SPECIAL_TOKENS = [
  '<|endoftext|>',
  '<|im_start|>',
  '<|im_end|>',
  '<|object_ref_start|>',
  '<|object_ref_end|>',
  '<|box_start|>',
  '<|box_end|>',
  '<|quad_start|>',
  '<|quad_end|>',
  '<|vision_start|>',
  '<|vision_end|>',
  '<|vision_pad|>',
  '<|image_pad|>',
  '<|video_pad|>',
  '<tool_call>',
  '</tool_call>',
  '<|fim_prefix|>',
  '<|fim_middle|>',
  '<|fim_suffix|>',
  '<|fim_pad|>',
  '<|repo_name|>',
  '<|file_sep|>',
  '<|img|>',
];
/** Added tokens that decoders do not skip. */
const NOT_SKIPPED = /tool_call|fim_|repo_name|file_sep/;

/** The official template, for messages of text and pictures. */
const CHAT_TEMPLATE =
  "{% for message in messages %}{% if loop.first and message['role'] != 'system' %}<|im_start|>system\n" +
  'You are a helpful assistant.<|im_end|>\n' +
  "{% endif %}<|im_start|>{{ message['role'] }}\n" +
  "{% if message['content'] is string %}{{ message['content'] }}<|im_end|>\n" +
  "{% else %}{% for content in message['content'] %}{% if content['type'] == 'image' %}" +
  "<|vision_start|><|image_pad|><|vision_end|>{% elif 'text' in content %}{{ content['text'] }}{% endif %}" +
  '{% endfor %}<|im_end|>\n' +
  '{% endif %}{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n' +
  '{% endif %}';

/** The files of `processor/` that hold the tokenizer, by path. */
export function byteTokenizerFiles(): Readonly<Record<string, unknown>> {
  const bytes = byteSymbols();
  const words = Array.from({ length: FIRST_SPECIAL - bytes.length }, (_, i) => word(i));
  const vocab = Object.fromEntries([...bytes, ...words].map((token, id) => [token, id]));
  const added = SPECIAL_TOKENS.map((content, i) => ({
    id: FIRST_SPECIAL + i,
    content,
    single_word: false,
    lstrip: false,
    rstrip: false,
    normalized: false,
    special: !NOT_SKIPPED.test(content),
  }));
  return {
    'processor/tokenizer.json': {
      version: '1.0',
      truncation: null,
      padding: null,
      added_tokens: added,
      normalizer: { type: 'NFC' },
      pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: true },
      post_processor: null,
      decoder: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: false, use_regex: false },
      model: {
        type: 'BPE',
        dropout: null,
        unk_token: null,
        continuing_subword_prefix: '',
        end_of_word_suffix: '',
        fuse_unk: false,
        byte_fallback: false,
        vocab,
        merges: [],
      },
    },
    'processor/vocab.json': vocab,
    'processor/merges.txt': '#version: 0.2\n',
    'processor/added_tokens.json': Object.fromEntries(added.map(({ content, id }) => [content, id])),
    'processor/special_tokens_map.json': { eos_token: '<|im_end|>', pad_token: '<|endoftext|>' },
    'processor/tokenizer_config.json': {
      add_bos_token: false,
      add_prefix_space: false,
      added_tokens_decoder: Object.fromEntries(added.map(({ id, ...token }) => [id, token])),
      bos_token: null,
      chat_template: CHAT_TEMPLATE,
      clean_up_tokenization_spaces: false,
      eos_token: '<|im_end|>',
      errors: 'replace',
      model_max_length: 131072,
      pad_token: '<|endoftext|>',
      processor_class: 'Qwen2_5_VLProcessor',
      tokenizer_class: 'Qwen2Tokenizer',
      unk_token: null,
    },
  };
}

/** Different letters for each number, after the symbol of a space. */
function word(index: number): string {
  let letters = '';
  for (let rest = index; rest >= 0; rest = Math.floor(rest / 26) - 1) {
    letters = String.fromCharCode(97 + (rest % 26)) + letters;
  }
  return `\u0120${letters}`;
}
