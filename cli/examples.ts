/** Draws the page's examples under Node, with the settings of a click on them. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { draw, drawDefaults } from '../src/omnigen2/pipeline.ts';
import { decodeImage } from '../src/pictures/decode.node.ts';
import type { RgbImage } from '../src/pictures/image.ts';
import type { Example } from '../src/storybook/examples.ts';
import { presetValues } from '../src/studio/composer/draw-form.ts';

const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));

/** The folder of the drawn examples, from which the page shows them. */
export const EXAMPLE_FOLDER = join(PUBLIC, 'samples', 'drawn');

/** Draws one example as the page does with its default settings. */
export async function drawExample(model: OmniGen2Model, example: Example): Promise<RgbImage> {
  const { steps, textGuidance, imageGuidance, guidanceRange } = presetValues('balanced');
  const references: RgbImage[] = [];
  for (const path of example.references)
    references.push(await decodeImage(await readFile(join(PUBLIC, path)), path));
  const { image } = await draw(model, {
    ...drawDefaults({ width: example.size, height: example.size }, model.checkpoint.trainedOn),
    prompt: example.prompt,
    references,
    seed: example.seed,
    steps,
    textGuidance,
    imageGuidance,
    guidanceRange,
  });
  return image;
}
