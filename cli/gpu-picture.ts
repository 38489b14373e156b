/**
 * Draws one picture on the graphics processor under Node, and prints what took how long.
 *
 *   npm run -s gpu:picture -- [--model DIR|storybook] [--size WxH] [--steps N] [--out FILE.png]
 */

import { openCheckpoint } from '../src/checkpoints/checkpoint.ts';
import { nodeFolder } from '../src/checkpoints/folder.node.ts';
import { raceKernels } from '../src/omnigen2/device/kernel-race.ts';
import { kernelsName } from '../src/omnigen2/device/report.ts';
import { drawLimits } from '../src/omnigen2/draw-limits.ts';
import { loadTokenizer } from '../src/omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../src/omnigen2/model.ts';
import { draw } from '../src/omnigen2/pipeline.ts';
import { modelSize } from '../src/omnigen2/residency/model-size.ts';
import { nodeGpuRuntime } from '../src/runtime/runtime.node-gpu.ts';
import { DRAW_SETTINGS, defaultSettings } from '../src/settings/draw-settings.ts';
import { readArgs, runCommand, settingOption, sizeOption } from './args.ts';
import { BUILT_IN, builtInModel } from './models.ts';
import { writePictures } from './picture-files.ts';

await runCommand('Drawing', async (signal) => {
  const args = readArgs({
    call: 'npm run -s gpu:picture --',
    summary: 'Draws one picture on the graphics processor under Node, and prints what took how long.',
    options: {
      model: { placeholder: 'DIR', help: 'checkpoint folder, or storybook', fallback: BUILT_IN },
      size: { placeholder: 'WxH', help: 'in pixels (default: what the model was trained at)' },
      steps: settingOption(DRAW_SETTINGS.steps, 'N'),
      out: { placeholder: 'FILE.png', help: 'where to write the picture' },
    },
  });
  const now = () => performance.now();
  const seconds = (from: number) => `${((now() - from) / 1000).toFixed(1)} s`;
  const start = now();
  const runtime = await nodeGpuRuntime();
  const folder = args.model === BUILT_IN ? await builtInModel() : args.model;
  const checkpoint = await openCheckpoint(nodeFolder(folder));
  const large = modelSize(checkpoint) === 'large';
  if (large) runtime.kernels = (await raceKernels(runtime, { signal, now })).chosen;
  const kernels = runtime.kernels ? kernelsName(runtime.kernels) : 'plain kernels';
  console.log(
    `Opened after ${seconds(start)}; ${runtime.halfPrecision ? 'float16' : 'float32'}, ${kernels}.`,
  );
  const { side } = checkpoint.trainedOn;
  const size = args.size === undefined ? { width: side, height: side } : sizeOption('size', args.size);
  const model = new OmniGen2Model(checkpoint, runtime, loadTokenizer);
  try {
    const drawing = now();
    let last = drawing;
    const { image } = await draw(
      model,
      {
        ...defaultSettings(large ? 'large' : 'small'),
        ...size,
        ...drawLimits(size, checkpoint.trainedOn),
        steps: args.steps,
        prompt: 'a red house in the snow',
        references: [],
        seed: 1,
      },
      {
        signal,
        onProgress: (progress) => {
          const stage = 'step' in progress ? `step ${progress.step} of ${progress.steps}` : progress.type;
          console.log(`${stage} after ${seconds(last)}`);
          last = now();
        },
      },
    );
    if (args.out !== undefined) await writePictures(new Map([[args.out, image]]));
    console.log(`A picture of ${size.width} x ${size.height} took ${seconds(drawing)} (${kernels}).`);
  } finally {
    await model.dispose();
    await runtime.dispose();
  }
  return 0;
});
