/** The page draws the same pixels as the same job under Node, from a prompt and from a dropped picture. */

import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { test } from './fixtures.ts';
import { decodedSample, expectSamePixels, hooks, options, SEED, saved } from './node-side.ts';

test('from a prompt', async ({ studio, nodeModel }, { project }) => {
  const steps = project.name === 'webgpu' ? 2 : 6;
  const guidance = await studio.setStepsAndSeed({ steps, seed: SEED });
  await studio.draw('a red house in the snow');
  await studio.result();
  const { picture } = await drawWithReflection(
    nodeModel,
    options('a red house in the snow', [], steps, guidance),
    1,
    hooks,
  );
  expectSamePixels(await saved(studio), picture);
});

test('an edit of a dropped picture', async ({ studio, nodeModel }, { project }) => {
  const steps = project.name === 'webgpu' ? 2 : 6;
  await studio.dropSample('house-in-snow');
  const guidance = await studio.setStepsAndSeed({ steps, seed: SEED });
  await studio.draw('Make it night.');
  await studio.result();
  const reference = await decodedSample('house-in-snow');
  const { picture } = await drawWithReflection(
    nodeModel,
    options('Make it night.', [reference], steps, guidance),
    1,
    hooks,
  );
  expectSamePixels(await saved(studio), picture);
});
