/**
 * Draws the page's examples with the built-in model into `public/samples/drawn/`, with the settings of a
 * click.
 *
 * npm run -s examples
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { encodePng } from '../src/pictures/encode.node.ts';
import { EXAMPLES } from '../src/storybook/examples.ts';
import { runCommand } from './args.ts';
import { drawExample, EXAMPLE_FOLDER } from './examples.ts';
import { BUILT_IN, openModel } from './models.ts';

await runCommand('Drawing the examples', async () => {
  const model = await openModel(BUILT_IN);
  await mkdir(EXAMPLE_FOLDER, { recursive: true });
  for (const example of EXAMPLES) {
    const image = await drawExample(model, example);
    await writeFile(join(EXAMPLE_FOLDER, `${example.id}.png`), await encodePng(image));
    console.log(`${example.id}: ${example.prompt}`);
  }
  await model.dispose();
  return 0;
});
