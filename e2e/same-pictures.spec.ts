/** The page draws the same pixels as the same job under Node, from a prompt and from a dropped picture. */

import { drawWithReflection } from '../src/omnigen2/drawing.ts';
import { test } from './fixtures.ts';
import { decodedSample, expectSamePixels, hooks, options, SEED, saved } from './node-side.ts';

// Software WebGPU needs seconds for each step and for each decoded picture, so it has one drawing with
// several steps and previews, which is small, and one of the usual size, which has one step and no preview.
test('from a prompt', async ({ studio, nodeModel }, { project }) => {
  const { steps, side } = project.name === 'webgpu' ? { steps: 2, side: 64 } : { steps: 6, side: 128 };
  const guidance = await studio.setStepsAndSeed({ steps, side, seed: SEED });
  await studio.draw('a red house in the snow');
  await studio.result();
  const { picture } = await drawWithReflection(
    nodeModel,
    options('a red house in the snow', [], steps, guidance, side),
    1,
    hooks,
  );
  expectSamePixels(await saved(studio), picture);
});

test('an edit of a dropped picture', async ({ studio, nodeModel }, { project }) => {
  const steps = project.name === 'webgpu' ? 1 : 6;
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
