/**
 * Does one job under Node, in a process of its own, so that its memory can be measured from outside.
 *
 *   node --import tsx cli/official-size/node-job.ts CHECKPOINT JOB PICTURE.png
 *
 * Prints one line of JSON for each moment, and at the end the plan that it followed, or the answer.
 */

import { writeFile } from 'node:fs/promises';
import { openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { drawLimits } from '../../src/omnigen2/draw-limits.ts';
import { type DrawingEvent, drawWithReflection } from '../../src/omnigen2/drawing.ts';
import { ask } from '../../src/omnigen2/language/ask.ts';
import { loadTokenizer } from '../../src/omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { encodePng } from '../../src/pictures/encode.node.ts';
import type { RgbImage } from '../../src/pictures/image.ts';
import { nodeRuntime } from '../../src/runtime/runtime.node.ts';
import { ANSWER_TOKENS, JOBS, type JobName, PROMPTS, referencePicture, SETTINGS } from './jobs.ts';
import { DONE, type Moment } from './moments.ts';
import type { Outcome } from './outcome.ts';

/** A line of the output. */
export type NodeLine =
  | { readonly moment: Moment }
  | { readonly answer: string }
  | { readonly planned: NonNullable<Outcome['planned']> };

function mark(name: string): void {
  print({ moment: { name, atMs: Date.now() } });
}

function print(line: NodeLine): void {
  console.log(JSON.stringify(line));
}

async function draw(
  model: OmniGen2Model,
  prompt: string,
  references: readonly RgbImage[],
): Promise<RgbImage> {
  const limits = drawLimits(SETTINGS, model.checkpoint.trainedOn);
  const input = { ...SETTINGS, ...limits, prompt, references };
  const onEvent = (event: DrawingEvent) => {
    if (event.type !== 'progress') return;
    const { progress } = event;
    mark(progress.type === 'denoising' ? `denoising ${progress.step}/${progress.steps}` : progress.type);
  };
  const { picture } = await drawWithReflection(model, input, 1, { onEvent, now: () => performance.now() });
  return picture;
}

async function doJob(model: OmniGen2Model, job: JobName, pictureFile: string): Promise<void> {
  const prompt = PROMPTS[job];
  if (job === 'ask') {
    const onText = () => mark('answering');
    const { text } = await ask(model, prompt, [referencePicture()], {
      maxNewTokens: ANSWER_TOKENS,
      onText,
    });
    mark(DONE);
    print({ answer: text });
    return;
  }
  const picture = await draw(model, prompt, job === 'edit' ? [referencePicture()] : []);
  mark(DONE);
  print({ planned: { plan: model.plan.name, peakBytes: model.plan.peakBytes } });
  await writeFile(pictureFile, await encodePng(picture));
}

const [checkpoint, name, pictureFile] = process.argv.slice(2);
const job = JOBS.find((each) => each === name);
if (job === undefined) throw new Error(`no job "${name}"`);
mark('opening');
const model = new OmniGen2Model(await openCheckpoint(nodeFolder(checkpoint)), nodeRuntime(), loadTokenizer, {
  onPart: (part) => mark(`loading ${part}`),
});
try {
  await doJob(model, job, pictureFile);
} finally {
  await model.dispose();
}
