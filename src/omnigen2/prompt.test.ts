import { readFile } from 'node:fs/promises';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  chatTemplate,
  checkPrompt,
  cutNote,
  encodeChatPrompt,
  encodePlainPrompt,
  plainTemplate,
} from './prompt.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';
import { TOKENS, type Tokenizer } from './tokenizer.ts';

const FOLDER = new URL('../../fixtures/goldens/model/processor/', import.meta.url);
const SYSTEM =
  '<|im_start|>system\nYou are a helpful assistant that generates high-quality images based on user instructions.<|im_end|>\n';

let tokenizer: Tokenizer;
let config: Parameters<typeof encodeChatPrompt>[3];
beforeAll(async () => {
  tokenizer = await loadTokenizer((name) => readFile(new URL(name, FOLDER)));
  const vision = { spatialMergeSize: 2 } as (typeof config)['vision'];
  config = { vision, imageTokenId: tokenizer.idOf(TOKENS.imagePad) ?? -1 };
});

describe('templates', () => {
  it('do not open an answer in the plain pipeline', () => {
    expect(plainTemplate('a fox')).toBe(`${SYSTEM}<|im_start|>user\na fox<|im_end|>\n`);
  });

  it('open an answer and number the pictures in the chat pipeline', () => {
    expect(chatTemplate('which?', 2)).toBe(
      `${SYSTEM}<|im_start|>user\n<img1>: <|vision_start|><|image_pad|><|vision_end|><img2>: <|vision_start|><|image_pad|><|vision_end|>which?<|im_end|>\n<|im_start|>assistant\n`,
    );
  });
});

describe('encodePlainPrompt', () => {
  it('keeps the beginning of a long prompt and says what was left out', () => {
    const whole = encodePlainPrompt(tokenizer, 'a fox '.repeat(30));
    expect(whole.fullLength).toBe(whole.ids.length);
    expect(cutNote(whole)).toBeUndefined();
    const cut = encodePlainPrompt(tokenizer, 'a fox '.repeat(30), 60);
    expect(cut.ids).toEqual(whole.ids.slice(0, 60));
    expect(cutNote(cut, 'Your prompt')).toBe(
      `Your prompt is ${whole.fullLength} tokens long with its frame; the model reads 60, so that the last ${whole.fullLength - 60} were left out.`,
    );
  });

  it('reads the empty negative prompt as its frame alone', () => {
    expect(tokenizer.decode(encodePlainPrompt(tokenizer, '').ids)).toBe(plainTemplate(''));
  });
});

describe('encodeChatPrompt', () => {
  it('writes one image token for every merged cell, picture by picture', () => {
    const grids = [
      { rows: 4, columns: 6 },
      { rows: 2, columns: 2 },
    ];
    const { ids } = encodeChatPrompt(tokenizer, 'which?', grids, config);
    const short = tokenizer.encode(chatTemplate('which?', 2));
    expect(ids.length).toBe(short.length + 5);
    const runs = tokenizer.decode(ids).match(/(<\|image_pad\|>)+/g);
    expect(runs?.map((run) => run.length / TOKENS.imagePad.length)).toEqual([6, 1]);
  });

  it('refuses a prompt that brings image tokens of its own', () => {
    for (const grids of [[], [{ rows: 2, columns: 2 }]]) {
      expect(() => encodeChatPrompt(tokenizer, 'a <|image_pad|>', grids, config)).toThrow(
        expect.objectContaining({
          code: 'bad_request',
          message: 'The prompt contains "<|image_pad|>", which stands for a picture.',
        }),
      );
    }
  });
});

describe('checkPrompt', () => {
  it('passes whatever can be seen', () => {
    for (const prompt of ['a', ' 猫 ', '🦊', '0', '?']) expect(() => checkPrompt(prompt)).not.toThrow();
  });

  it('refuses what is empty or cannot be seen', () => {
    for (const prompt of ['', ' \n\t', '\u200b\u200d', '\u0000', '\ufeff']) {
      expect(() => checkPrompt(prompt, 'The question')).toThrow('The question is empty.');
    }
  });
});
