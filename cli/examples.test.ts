/** The pictures beside the page's examples are the ones that the present model draws. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { decodeImage } from '../src/pictures/decode.node.ts';
import { EXAMPLES } from '../src/storybook/examples.ts';
import { drawExample, EXAMPLE_FOLDER } from './examples.ts';
import { BUILT_IN, openModel } from './models.ts';

let model: OmniGen2Model;

beforeAll(async () => {
  model = await openModel(BUILT_IN);
});

afterAll(() => model.dispose());

test('there are six examples', () => expect(EXAMPLES).toHaveLength(6));

test.each(EXAMPLES.map((example) => [example.prompt, example] as const))('%s', async (_, example) => {
  const drawn = await drawExample(model, example);
  const file = `${example.id}.png`;
  const shown = await decodeImage(await readFile(join(EXAMPLE_FOLDER, file)), file);
  expect([shown.width, shown.height]).toEqual([drawn.width, drawn.height]);
  // Processors sum in different orders, so a value may round differently, and later steps carry the
  // difference on.
  const mean =
    drawn.data.reduce((sum, grey, i) => sum + Math.abs(grey - shown.data[i]), 0) / drawn.data.length;
  expect(mean, 'the weights have changed: run "npm run -s examples" and look at the pictures').toBeLessThan(
    1,
  );
});
