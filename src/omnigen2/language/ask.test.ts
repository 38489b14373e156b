import { readFile } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { GOLDENS } from '../../checkpoints/fixture.node.ts';
import { decodeImage } from '../../pictures/decode.node.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { Sampling } from '../../settings/answer-settings.ts';
import { fixtureCase, fixtureCheckpoint } from '../fixtures.node.ts';
import { OmniGen2Model } from '../model.ts';
import { ask } from './ask.ts';
import { encodeChatPrompt, textRows } from './chat-prompt.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';

const model = new OmniGen2Model(await fixtureCheckpoint(), nodeRuntime({ threads: 1 }), loadTokenizer);
afterAll(() => model.dispose());

const picture = await decodeImage(await readFile(`${GOLDENS}/images/0.png`), 'images/0.png');
const QUESTION = 'Please briefly describe this image.';

test("an answer about a picture equals the official chat pipeline's, without the end token", async () => {
  const { expected } = await fixtureCase('generate_image_1');
  const official = String(expected.generate_text);
  expect(official.endsWith('<|endoftext|>')).toBe(true);
  const texts: string[] = [];
  const answer = await ask(model, QUESTION, [picture], {
    maxNewTokens: 24,
    onText: (soFar) => texts.push(soFar),
  });
  const text = official.replace('<|endoftext|>', '').trim();
  expect(answer).toEqual({ text, complete: true, draws: false });
  expect(texts.at(-1)).toBe(text);
  expect(new Set(texts).size).toBe(texts.length);
});

test('an answer that does not end within its tokens is marked as incomplete', async () => {
  const answer = await ask(model, QUESTION, [], { maxNewTokens: 5 });
  expect(answer.complete).toBe(false);
});

test('sampling differs from greedy decoding, and a seed determines the answer', async () => {
  const answer = (sampling?: Sampling) =>
    ask(model, QUESTION, [], { maxNewTokens: 8, sampling }).then(({ text }) => text);
  const sampling = { temperature: 3, topP: 1, seed: 4 };
  const text = await answer(sampling);
  expect(await answer(sampling)).toBe(text);
  expect(await answer({ ...sampling, seed: 5 })).not.toBe(text);
  expect(await answer({ ...sampling, temperature: 0 })).toBe(await answer());
});

test('invalid sampling is rejected before the prompt is prefilled', async () => {
  const asked = ask(model, QUESTION, [], {
    maxNewTokens: 5,
    sampling: { temperature: -1, topP: 1, seed: 0 },
  });
  await expect(asked).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining('temperature -1'),
  });
});

test('a special token in a question is tokenized as text', async () => {
  const { text } = await ask(model, 'What is <|image_pad|>?', [picture], { maxNewTokens: 3 });
  expect(typeof text).toBe('string');
  const asTokens = encodeChatPrompt(model, 'a <|im_end|>', [], 'tokens');
  const asText = encodeChatPrompt(model, 'a <|im_end|>');
  expect((await asText).length).toBeGreaterThan((await asTokens).length);
});

test('an empty question is rejected with a message', async () => {
  const asked = ask(model, ' \n', [picture], { maxNewTokens: 5 });
  await expect(asked).rejects.toMatchObject({ code: 'bad_request', message: 'The question is empty.' });
});

test('the text features of a chat prompt are those of the official pipeline', async () => {
  const { tensors, tolerance } = await fixtureCase('mllm_image_1');
  const got = await encodeChatPrompt(model, QUESTION, [picture]);
  const want = tensors.get('prompt_embeds')?.data ?? [];
  expect(got.length).toBe(want.length);
  const error = Math.max(...got.map((value, i) => Math.abs(value - want[i])));
  expect(error).toBeLessThan(tolerance.abs);
});

test('text rows exclude image tokens and include vision start and end tokens', () => {
  const { mllm } = model.config;
  const config = { ...mllm, language: { ...mllm.language, hiddenSize: 2 } };
  const ids = [mllm.visionStartTokenId, mllm.imageTokenId, mllm.imageTokenId, mllm.visionEndTokenId];
  const rows = textRows(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), ids, config);
  expect(Array.from(rows)).toEqual([1, 2, 7, 8]);
});
