import { afterAll, expect, test } from 'vitest';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { fixtureCase, fixtureCheckpoint, mllmSource } from '../fixtures.node.ts';
import { type GenerateOptions, generate, STOP_STRINGS } from './generate.ts';
import { Mllm } from './mllm.ts';
import { greedySampler, type TokenSampler } from './sampling.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';

const checkpoint = await fixtureCheckpoint();
const tokenizer = await loadTokenizer((name) => checkpoint.processorFile(name));
const mllm = await Mllm.open(nodeRuntime({ threads: 1 }), mllmSource(checkpoint));
afterAll(() => mllm.dispose());

const golden = await fixtureCase('generate_text');
const options: GenerateOptions = {
  ids: Array.from(golden.tensors.get('input_ids')?.data ?? []),
  maxNewTokens: 24,
  stopStrings: STOP_STRINGS,
  stopIds: checkpoint.config.generation.eosTokenIds,
  sampler: greedySampler(1.05),
  decode: (ids) => tokenizer.decode(ids),
};

/** A sampler that returns the given tokens. */
function fixedTokens(ids: readonly number[]): TokenSampler {
  let next = 0;
  return () => ({ id: ids[next++], probability: 1 });
}

function idsOf(text: string): number[] {
  return tokenizer.encode(text);
}

test.each([
  ['config', 1.05],
  ['greedy', 1],
])('ids and text of %s are the official ones', async (name, penalty) => {
  const { ids, text, ended, logits } = await generate(mllm, { ...options, sampler: greedySampler(penalty) });
  const expected = golden.expected[name] as { ids: number[]; text: string };
  expect(ids).toEqual(expected.ids);
  expect(text).toBe(expected.text);
  expect(ended).toBe('length');
  expect(logits).toEqual([]);
});

test('returns the logits of every token on request', async () => {
  const { logits } = await generate(mllm, { ...options, maxNewTokens: 2, returnLogits: true });
  expect(logits.map((row) => row.length)).toEqual([640, 640]);
  const want = golden.tensors.get('logits_config')?.data ?? [];
  expect(Math.abs(logits[1][17] - want[640 + 17])).toBeLessThan(5e-4);
});

test('the text ends with the token that completes a stop string', async () => {
  const plan = [...idsOf('a cat.<|im_end|>'), ...idsOf('more')];
  const { ids, text, ended } = await generate(mllm, { ...options, stopIds: [], sampler: fixedTokens(plan) });
  expect(text).toBe('a cat.<|im_end|>');
  expect(ids).toEqual(plan.slice(0, ids.length));
  expect(ended).toBe('stop');
});

test('a stop string of several tokens ends the text', async () => {
  const plan = [...'ab END. more'].flatMap((letter) => idsOf(letter));
  const { text } = await generate(mllm, { ...options, stopStrings: ['END'], sampler: fixedTokens(plan) });
  expect(text).toBe('ab END');
});

test('an end token ends the text even if its string is not a stop string', async () => {
  const [end] = options.stopIds;
  const plan = [...idsOf('ab'), end, ...idsOf('cd')];
  const { ids, ended } = await generate(mllm, { ...options, stopStrings: [], sampler: fixedTokens(plan) });
  expect(ids.at(-1)).toBe(end);
  expect(ended).toBe('stop');
});

test('streamed text only grows and has no partial character', async () => {
  const written = 'a 星 🎨 é.';
  const plan = [...idsOf(written), ...idsOf('<|im_end|>')];
  expect(plan.length).toBeGreaterThan(written.length);
  const seen: string[] = [];
  await generate(mllm, { ...options, sampler: fixedTokens(plan), onToken: ({ text }) => seen.push(text) });
  expect(seen.length).toBe(plan.length);
  for (const [i, text] of seen.entries()) {
    expect(text).not.toContain('\uFFFD');
    expect(`${written}<|im_end|>`.startsWith(text)).toBe(true);
    if (i > 0) expect(text.startsWith(seen[i - 1])).toBe(true);
  }
  expect(seen.at(-1)).toBe(`${written}<|im_end|>`);
});

test('an abort stops within one token', async () => {
  const controller = new AbortController();
  let tokens = 0;
  const onToken = () => {
    tokens++;
    if (tokens === 3) controller.abort();
  };
  const generating = generate(mllm, { ...options, signal: controller.signal, onToken });
  await expect(generating).rejects.toMatchObject({ name: 'AbortError' });
  expect(tokens).toBe(3);
});

test('an aborted signal stops before any token', async () => {
  const onToken = () => expect.unreachable();
  const generating = generate(mllm, { ...options, signal: AbortSignal.abort(), onToken });
  await expect(generating).rejects.toMatchObject({ name: 'AbortError' });
});
