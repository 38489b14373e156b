/**
 * Writes a request for each scene: npx tsx training/world/own-requests.ts --seed S < scenes.jsonl
 * Each output line is `{text, stated}`: the words, and the claims that they state.
 */

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { request } from '../../src/storybook/language/phrases.ts';
import { mix, SteadyRandom } from '../../src/storybook/random.ts';
import type { Scene } from '../../src/storybook/scene.ts';

const { values } = parseArgs({ options: { seed: { type: 'string', default: '1' } } });
const scenes = readFileSync(0, 'utf8')
  .split('\n')
  .filter((line) => line !== '')
  .map((line) => JSON.parse(line) as Scene);
const requests = scenes.map((scene, i) =>
  request(new SteadyRandom(mix(Number(values.seed), i)), scene, { expression: true }),
);
process.stdout.write(requests.map((made) => `${JSON.stringify(made)}\n`).join(''));
