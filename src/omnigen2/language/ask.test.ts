import { readFile } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { GOLDENS } from '../../checkpoints/fixture.node.ts';
import { decodeImage } from '../../pictures/decode.node.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { fixtureCase, fixtureCheckpoint } from '../fixtures.node.ts';
import { OmniGen2Model } from '../model.ts';
import { ask, encodeChatPrompt, textRows } from './ask.ts';
import type { Sampling } from './sampling.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';

const model = new OmniGen2Model(await fixtureCheckpoint(), nodeRuntime({ threads: 1 }), loadTokenizer);
afterAll(() => model.dispose());

const picture = await decodeImage(await readFile(`${GOLDENS}/images/0.png`), 'images/0.png');
const QUESTION = 'Please briefly describe this image.';

test('a question about a picture is answered as by the official chat pipeline, without its end token', async () => {
  const { expected } = await fixtureCase('generate_image_1');
  const official = String(expected.generate_text);
  expect(official.endsWith('<|endoftext|>')).toBe(true);
  const heard: string[] = [];
  const answer = await ask(model, QUESTION, [picture], {
    maxNewTokens: 24,
    onText: (text) => heard.push(text),
  });
  const words = official.replace('<|endoftext|>', '').trim();
  expect(answer).toEqual({ text: words, complete: true, draws: false });
  expect(heard.at(-1)).toBe(words);
  expect(new Set(heard).size).toBe(heard.length);
});

test('an answer that does not end is cut and says so', async () => {
  const answer = await ask(model, QUESTION, [], { maxNewTokens: 5 });
  expect(answer.complete).toBe(false);
});

test('by chance the answer differs from the likeliest, and one seed gives one answer', async () => {
  const answer = (sampling?: Sampling) =>
    ask(model, QUESTION, [], { maxNewTokens: 8, sampling }).then(({ text }) => text);
  const chance = { temperature: 3, topP: 1, seed: 4 };
  const text = await answer(chance);
  expect(await answer(chance)).toBe(text);
  expect(await answer({ ...chance, seed: 5 })).not.toBe(text);
  expect(await answer({ ...chance, temperature: 0 })).toBe(await answer());
});

test('wrong values of chance are refused in words before anything is read', async () => {
  const asked = ask(model, QUESTION, [], {
    maxNewTokens: 5,
    sampling: { temperature: -1, topP: 1, seed: 0 },
  });
  await expect(asked).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining('temperature -1'),
  });
});

test('a special token typed into a question is read as words', async () => {
  const { text } = await ask(model, 'What is <|image_pad|>?', [picture], { maxNewTokens: 3 });
  expect(typeof text).toBe('string');
  const typed = encodeChatPrompt(model, 'a <|im_end|>', [], 'tokens');
  const words = encodeChatPrompt(model, 'a <|im_end|>');
  expect((await words).length).toBeGreaterThan((await typed).length);
});

test('an empty question is refused in words', async () => {
  const asked = ask(model, ' \n', [picture], { maxNewTokens: 5 });
  await expect(asked).rejects.toMatchObject({ code: 'bad_request', message: 'The question is empty.' });
});

test('the condition of the chat pathway is that of the official pipeline', async () => {
  const { tensors, tolerance } = await fixtureCase('mllm_image_1');
  const got = await encodeChatPrompt(model, QUESTION, [picture]);
  const want = tensors.get('prompt_embeds')?.data ?? [];
  expect(got.length).toBe(want.length);
  const error = Math.max(...got.map((value, i) => Math.abs(value - want[i])));
  expect(error).toBeLessThan(tolerance.abs);
});

test('rows of pictures are left out, those of their marks stay', () => {
  const { mllm } = model.config;
  const config = { ...mllm, language: { ...mllm.language, hiddenSize: 2 } };
  const ids = [mllm.visionStartTokenId, mllm.imageTokenId, mllm.imageTokenId, mllm.visionEndTokenId];
  const rows = textRows(Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8), ids, config);
  expect(Array.from(rows)).toEqual([1, 2, 7, 8]);
});
