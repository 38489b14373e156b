import { readFile } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { GOLDENS } from '../../checkpoints/fixture.node.ts';
import { decodeImage } from '../../pictures/decode.node.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { fixtureCheckpoint } from '../fixtures.node.ts';
import { OmniGen2Model } from '../model.ts';
import { answerProbabilities } from './answer-probabilities.ts';
import { chatPrompt } from './chat-prompt.ts';
import { loadTokenizer } from './tokenizer.transformers.ts';

const model = new OmniGen2Model(await fixtureCheckpoint(), nodeRuntime({ threads: 1 }), loadTokenizer);
afterAll(() => model.dispose());
const picture = await decodeImage(await readFile(`${GOLDENS}/images/0.png`), 'images/0.png');
const QUESTION = 'Does the picture show it?';

/** The same from one prefill of the question and each answer, with a plain softmax per token. */
async function reference(answers: readonly string[]): Promise<number[]> {
  const tokenizer = await model.tokenizer();
  const mllm = await model.mllm();
  const { ids, images } = await chatPrompt(model, QUESTION, [picture]);
  const weights: number[] = [];
  for (const answer of answers) {
    const tokens = tokenizer.encode(answer);
    const hidden = await mllm.hiddenStates([...ids, ...tokens], images);
    const logits = await mllm.logits(hidden);
    const size = logits.length / (ids.length + tokens.length);
    let weight = 1;
    for (const [i, token] of tokens.entries()) {
      const row = logits.subarray((ids.length - 1 + i) * size, (ids.length + i) * size);
      const sum = row.reduce((total, logit) => total + Math.exp(logit), 0);
      weight *= Math.exp(row[token]) / sum;
    }
    weights.push(weight);
  }
  const total = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / total);
}

test.each([[['a', 'b']], [['Yes', 'No']], [['a', 'The picture shows a cat.', 'b']]])(
  'the probabilities of %j match a reference and sum to 1',
  async (answers) => {
    const got = await answerProbabilities(model, QUESTION, [picture], answers);
    const want = await reference(answers);
    expect(got.reduce((a, b) => a + b)).toBeCloseTo(1, 12);
    for (const [i, probability] of got.entries()) {
      expect(Math.abs(Math.log(probability / want[i]))).toBeLessThan(1e-3);
    }
    expect(new Set(got).size).toBe(answers.length);
  },
);

test.each<[readonly string[], RegExp]>([
  [['Yes'], /^Comparing answers needs at least two, but there are 1\.$/],
  [['Yes', ' '], /^An answer to compare is empty\.$/],
  [['Yes', 'No', 'Yes'], /^Two of the answers "Yes", "No", "Yes" are the same\.$/],
])('answers %j are rejected with a message', async (answers, message) => {
  await expect(answerProbabilities(model, QUESTION, [], answers)).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringMatching(message),
  });
});
