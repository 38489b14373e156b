/** Makes the bundle of the built-in model, `public/models/storybook`, from the trained checkpoint. */

import { runCommand } from './args.ts';
import { builtInModel } from './models.ts';

await runCommand('Making the built-in model', async (signal) => {
  await builtInModel(signal);
  return 0;
});
