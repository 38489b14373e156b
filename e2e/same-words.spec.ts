/** The page shows the same text as the same job under Node: critiques and outcomes of rounds, and answers. */

import { expect } from '@playwright/test';
import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { ask } from '../src/omnigen2/language/ask.ts';
import { test } from './fixtures.ts';
import { decodedSample, expectSamePixels, hooks, options, SEED, saved } from './node-side.ts';

test('the rounds of a picture that checks itself', async ({ studio, nodeModel }) => {
  await studio.checksItself.check();
  await studio.maxRounds.selectOption('3');
  const guidance = await studio.setStepsAndSeed({ steps: 6, seed: SEED });
  await studio.draw('three red mushrooms in the snow at night');
  await studio.result();
  const { picture, rounds } = await drawWithReflection(
    nodeModel,
    options('three red mushrooms in the snow at night', [], 6, guidance),
    3,
    hooks,
  );
  await expect(studio.rounds).toHaveCount(rounds.length);
  for (const [i, { critique, outcome }] of rounds.entries()) {
    const card = studio.rounds.nth(i);
    await expect(card).toContainText(critique);
    await expect(card).toHaveAttribute('data-outcome', outcome);
  }
  expectSamePixels(await saved(studio), picture);
});

test('the answer to a question', async ({ studio, nodeModel }) => {
  await studio.addReferences('house-in-snow');
  const answer = await studio.ask('What is in the picture?');
  const picture = await decodedSample('house-in-snow');
  const { text } = await ask(nodeModel, 'What is in the picture?', [picture], { maxNewTokens: 256 });
  expect(answer).toBe(text);
});
