/** Draws the page's examples under Node, with the settings of a click on them. */

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { drawLimits } from '../src/omnigen2/draw-limits.ts';
import type { OmniGen2Model } from '../src/omnigen2/model.ts';
import { draw } from '../src/omnigen2/pipeline.ts';
import { decodeImage } from '../src/pictures/decode.node.ts';
import type { RgbImage } from '../src/pictures/image.ts';
import type { Example } from '../src/storybook/examples.ts';
import { NEW_FORM, presetSettings } from '../src/studio/composer/draw-form.ts';

const PUBLIC = fileURLToPath(new URL('../public', import.meta.url));

/** The folder of the drawn examples, from which the page shows them. */
export const EXAMPLE_FOLDER = join(PUBLIC, 'samples', 'drawn');

/** Draws one example as the page draws it without changes. */
export async function drawExample(model: OmniGen2Model, example: Example): Promise<RgbImage> {
  const size = { width: example.size, height: example.size };
  const references: RgbImage[] = [];
  for (const path of example.references)
    references.push(await decodeImage(await readFile(join(PUBLIC, path)), path));
  const { image } = await draw(model, {
    ...presetSettings(NEW_FORM),
    ...size,
    ...drawLimits(size, model.checkpoint.trainedOn),
    prompt: example.prompt,
    references,
    seed: example.seed,
  });
  return image;
}
