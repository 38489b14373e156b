/**
 * Writes a shard folder; src/storybook/README.md describes it.
 *
 *     npx tsx training/world/make-shards.ts --task NAME|mix --n N --seed S --out DIR [--split train|heldout]
 *         [--size 128] [--questions 8] [--wide] [--weights t2i=3,edit=2]
 *
 * `--questions N` adds up to N questions about every picture that has a question (understand, reflect, chat).
 * `--wide` makes random what words never state (exact positions, builds, backgrounds): the wide mix instead
 * of the default mix. `--weights` sets the shares of the tasks in `mix`; tasks that it does not name are left
 * out.
 */
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { TASKS, type Task } from '../../src/storybook/cases/case.ts';
import type { Split } from '../../src/storybook/compose.ts';
import { hashText, mix, Random, SteadyRandom } from '../../src/storybook/random.ts';
import { drawSample } from '../../src/storybook/sample.ts';
import { WORLD_VERSION } from './version.ts';

const { values } = parseArgs({
  options: {
    task: { type: 'string', default: 'mix' },
    n: { type: 'string', default: '100' },
    seed: { type: 'string', default: '1' },
    split: { type: 'string', default: 'train' },
    size: { type: 'string', default: '128' },
    questions: { type: 'string', default: '0' },
    out: { type: 'string' },
    weights: { type: 'string' },
    wide: { type: 'boolean', default: false },
  },
});
if (!values.out) throw new Error('--out DIR is missing');
const task = values.task;
if (task !== 'mix' && !(TASKS as readonly string[]).includes(task))
  throw new Error(`no task "${task}"; there are ${TASKS.join(', ')}, mix`);
if (values.split !== 'train' && values.split !== 'heldout') throw new Error('--split is train or heldout');
const split: Split = values.split;
const n = Number(values.n),
  seed = Number(values.seed),
  size = Number(values.size),
  questions = Number(values.questions);
if (![n, seed, size, questions].every(Number.isInteger) || n < 0 || size < 8 || questions < 0)
  throw new Error('--n, --seed, --size and --questions are whole numbers');

const weights: Record<string, number> = {};
for (const part of values.weights ? values.weights.split(',') : []) {
  const [name, share] = part.split('=') as [string, string | undefined];
  if (!(TASKS as readonly string[]).includes(name) || !(Number(share) > 0))
    throw new Error(`--weights: "${part}" is not TASK=SHARE`);
  weights[name] = Number(share);
}

mkdirSync(values.out, { recursive: true });
const images = openSync(join(values.out, 'images.u8'), 'w');
const lines: string[] = [];
let pictures = 0;
const started = Date.now();
for (let i = 0; i < n; i++) {
  const chance = mix(mix(seed, i), hashText(`${task} ${split}`));
  const random = values.wide ? new Random(chance) : new SteadyRandom(chance);
  const {
    sample,
    more,
    images: drawn,
  } = drawSample(
    task as Task | 'mix',
    random,
    split,
    size,
    i,
    pictures,
    values.weights ? weights : undefined,
    questions,
  );
  for (const picture of drawn) writeSync(images, picture);
  pictures += drawn.length;
  for (const one of [sample, ...more]) lines.push(JSON.stringify(one));
}
closeSync(images);
writeFileSync(join(values.out, 'samples.jsonl'), lines.length > 0 ? `${lines.join('\n')}\n` : '');
writeFileSync(
  join(values.out, 'meta.json'),
  `${JSON.stringify({ size, pictures, samples: lines.length, seed, split, task, wide: values.wide, worldVersion: WORLD_VERSION })}\n`,
);
console.log(
  `${lines.length} samples, ${pictures} pictures of ${size} px in ${((Date.now() - started) / 1000).toFixed(1)} s`,
);
