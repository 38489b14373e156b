/** Imports go downward only, as docs/ARCHITECTURE.md says: this table is that table. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** What each layer may import from. `types` marks layers of which only types may be used. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  workers: ['generation', 'protocol.ts', 'omnigen2/images', 'errors.ts'],
  studio: [
    'protocol.ts',
    'draw-settings.ts',
    'errors.ts',
    'worker-client.ts',
    'is-record.ts',
    'listed.ts',
    'storybook/examples.ts',
    'storybook/vocabulary.ts',
    'omnigen2/images',
    'omnigen2/config.ts',
    'omnigen2/blank.ts',
  ],
  library: [
    'worker-client.ts',
    'protocol.ts',
    'draw-settings.ts',
    'errors.ts',
    'is-record.ts',
    'omnigen2/config.ts',
    'omnigen2/images',
  ],
  'draw-settings.ts': ['types protocol.ts'],
  'worker-client.ts': ['protocol.ts', 'errors.ts', 'is-record.ts'],
  generation: ['protocol.ts', 'errors.ts', 'storage', 'runtime', 'omnigen2', 'checkpoints'],
  storage: ['errors.ts', 'checkpoints'],
  'protocol.ts': ['types errors.ts', 'types omnigen2'],
  runtime: ['errors.ts', 'onnx'],
  omnigen2: ['errors.ts', 'onnx', 'checkpoints', 'types runtime'],
  checkpoints: ['errors.ts', 'types onnx', 'omnigen2/config'],
  onnx: ['types checkpoints'],
  judge: ['errors.ts', 'storybook', 'onnx', 'checkpoints', 'types runtime'],
  storybook: ['listed.ts'],
  omnicontext: [],
  'errors.ts': [],
  'is-record.ts': [],
  'listed.ts': [],
};

const IMPORT = /^(?:import|export)( type)?\s[^;]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/gms;

test('every import goes down', () => {
  const wrong = [...sources('src'), ...sources('workers')].flatMap((file) =>
    [...readFileSync(file, 'utf8').matchAll(IMPORT)]
      .map(([, types, from, late]) => ({
        target: normalize(join(dirname(file), from ?? late)),
        types: types !== undefined,
      }))
      .filter(({ target, types }) => !allowed(file, target, types))
      .map(({ target }) => `${file} imports ${target}`),
  );
  expect(wrong).toEqual([]);
});

/** The sources of the product: tests and their helpers may import what they like. */
function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.|fixtures?\.node\.|platform\.d/.test(path));
}

function allowed(file: string, target: string, types: boolean): boolean {
  const layer = layerOf(file);
  if (layer === layerOf(target)) return true;
  const inside = target.replace(/^src\//, '');
  return (MAY_IMPORT[layer] ?? []).some((rule) =>
    rule.startsWith('types ') ? types && inside.startsWith(rule.slice(6)) : inside.startsWith(rule),
  );
}

/** `src/omnigen2/images/image.ts` is of the layer `omnigen2`. */
function layerOf(file: string): string {
  const parts = file.split('/');
  return parts[0] === 'src' ? parts[1] : parts[0];
}
