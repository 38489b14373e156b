import { expect, it } from 'vitest';
import type { MllmConfig } from '../../config/config.ts';
import { fixtureCheckpoint } from '../fixtures.node.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';
import { checkTokenIds } from './tokenizer.ts';

const checkpoint = await fixtureCheckpoint();
const tokenizer = await loadTokenizer((name) => checkpoint.processorFile(name));
const config = checkpoint.config.mllm;

it('accepts the tokenizer of the same checkpoint', () => {
  expect(() => checkTokenIds(tokenizer, config)).not.toThrow();
});

it.each<[MllmConfig, string]>([
  [{ ...config, imageTokenId: 5 }, '<|image_pad|> the id 612, but mllm/config.json has image_token_id 5.'],
  [
    { ...config, visionStartTokenId: 6 },
    '<|vision_start|> the id 609, but mllm/config.json has vision_start_token_id 6.',
  ],
  [
    { ...config, language: { ...config.language, vocabSize: 613 } },
    '<|img|> the id 622, but mllm/config.json has vocab_size 613.',
  ],
])('rejects the tokenizer of another model', (other, what) => {
  expect(() => checkTokenIds(tokenizer, other)).toThrow(`processor/tokenizer.json gives ${what}`);
});
