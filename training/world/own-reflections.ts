/**
 * Judges the model's own drawings and writes a shard of training cases:
 *
 *     npx tsx training/world/own-reflections.ts --drawn DIR --out DIR [--faults 3] [--seed 1]
 *
 * training/reflection_data.py writes the folder of `--drawn`: cases.jsonl, and images.u8 with the target of
 * every case followed by its drawings. A drawing about which the judge is certain becomes a `reflect` case.
 * If it has faults and the target differs from it in nothing else, it becomes a `critique_fix` case too.
 */
import { closeSync, mkdirSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { PICTURE_SIDE } from '../../src/judge/classes.ts';
import { Judge } from '../../src/judge/judge.ts';
import { nodeRuntime } from '../../src/runtime/runtime.node.ts';
import type { Case } from '../../src/storybook/cases/case.ts';
import { fixCase, reflectCase } from '../../src/storybook/cases/reflect.ts';
import { mix, SteadyRandom } from '../../src/storybook/random.ts';
import { type Sample, sampleOf } from '../../src/storybook/sample.ts';
import type { Scene } from '../../src/storybook/scene.ts';
import { judgeDrawing, type LeftOut, type Request, targetPasses } from './own-faults.ts';
import { WORLD_VERSION } from './version.ts';

/** A line of cases.jsonl. */
interface Drawn extends Request {
  readonly scene: Scene;
  /** The flow time at which the drawing started, from the noised target. */
  readonly from: number;
  readonly drawings: number;
}

const { values } = parseArgs({
  options: {
    drawn: { type: 'string' },
    out: { type: 'string' },
    faults: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
});
if (!values.drawn || !values.out) throw new Error('--drawn DIR and --out DIR are needed');
const most = Number(values.faults),
  seed = Number(values.seed);
if (![most, seed].every(Number.isInteger) || most < 0)
  throw new Error('--faults and --seed must be whole numbers');

const BYTES = 3 * PICTURE_SIDE * PICTURE_SIDE;
const given = openSync(join(values.drawn, 'images.u8'), 'r');
mkdirSync(values.out, { recursive: true });
const images = openSync(join(values.out, 'images.u8'), 'w');
const judge = await Judge.open(
  nodeRuntime({ threads: 1 }),
  nodeFolder(fileURLToPath(new URL('../checkpoint/judge', import.meta.url))),
);
const detect = (data: Uint8Array) => judge.detect({ width: PICTURE_SIDE, height: PICTURE_SIDE, data });

const samples: Sample[] = [];
const counts: Record<string, number> = {};
const leftOut: Record<LeftOut | 'target fails', number> = {
  doubtful: 0,
  unsayable: 0,
  'too much': 0,
  'target fails': 0,
};
/** By flow time at the start: number of drawings, and those that are certainly right or wrong. */
const byStart = new Map<string, { drawings: number; right: number; wrong: number }>();
let at = 0,
  written = 0;
const started = Date.now();
const lines = readFileSync(join(values.drawn, 'cases.jsonl'), 'utf8').trimEnd().split('\n');
for (const [index, line] of lines.entries()) {
  const drawn = JSON.parse(line) as Drawn;
  const target = read();
  const drawings = Array.from({ length: drawn.drawings }, read);
  if (!targetPasses(await detect(target), drawn, drawn.scene)) {
    leftOut['target fails'] += drawings.length;
    continue;
  }
  const random = new SteadyRandom(mix(seed, index));
  let targetNumber: number | null = null;
  const row = rowOf(drawn.from);
  for (const [k, drawing] of drawings.entries()) {
    row.drawings++;
    const found = judgeDrawing(await detect(drawing), drawn, drawn.scene, most);
    if (typeof found === 'string') {
      leftOut[found]++;
      continue;
    }
    const { mismatch, fixable } = found;
    row[mismatch.critiques.length === 0 ? 'right' : 'wrong']++;
    const shown = write(drawing);
    add(reflectCase(random, mismatch), `${index}-${k}`, shown, null);
    if (mismatch.critiques.length === 0 || !fixable) continue;
    targetNumber ??= write(target);
    add(fixCase(random, mismatch), `${index}-${k}`, shown, targetNumber);
  }
}
closeSync(given);
closeSync(images);
await judge.dispose();
writeFileSync(join(values.out, 'samples.jsonl'), samples.map((one) => `${JSON.stringify(one)}\n`).join(''));
const meta = {
  size: PICTURE_SIDE,
  pictures: written,
  samples: samples.length,
  seed,
  split: 'train',
  task: 'own',
};
writeFileSync(join(values.out, 'meta.json'), `${JSON.stringify({ ...meta, worldVersion: WORLD_VERSION })}\n`);
console.log(
  `${samples.length} samples, ${written} pictures in ${((Date.now() - started) / 1000).toFixed(1)} s`,
);
console.log(`kinds ${JSON.stringify(counts)}\nleft out ${JSON.stringify(leftOut)}`);
for (const [start, row] of [...byStart].sort()) console.log(`from ${start} ${JSON.stringify(row)}`);

function rowOf(from: number) {
  const start = (Math.floor(from * 10) / 10).toFixed(1);
  const row = byStart.get(start) ?? { drawings: 0, right: 0, wrong: 0 };
  byStart.set(start, row);
  return row;
}

function read(): Uint8Array {
  const data = new Uint8Array(BYTES);
  if (readSync(given, data, 0, BYTES, at * BYTES) !== BYTES)
    throw new Error(`images.u8 ends in picture ${at}`);
  at++;
  return data;
}

/** @returns the picture's number in the shard */
function write(data: Uint8Array): number {
  writeSync(images, data);
  return written++;
}

function add(c: Case, id: string, shown: number, target: number | null): void {
  const kind = `${c.task} ${c.kind}`;
  counts[kind] = (counts[kind] ?? 0) + 1;
  const page: Sample['mask'] = target === null ? null : [[0, 0, PICTURE_SIDE, PICTURE_SIDE]];
  samples.push(sampleOf(c, `${c.task}-own-${id}`, [shown], target, page));
}
