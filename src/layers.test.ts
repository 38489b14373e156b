/**
 * The structure that docs/ARCHITECTURE.md describes: imports go down, and no files import each other in a
 * circle.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { expect, test } from 'vitest';

/** What each layer may import from. `types` marks layers of which only types may be used. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  workers: [
    'offline',
    'checkpoints/conversion/',
    'worker/',
    'storage/open.ts',
    'protocol.ts',
    'pictures',
    'omnigen2/sizes.ts',
    'errors.ts',
  ],
  studio: [
    'archive',
    'jobs',
    'offline',
    'protocol.ts',
    'settings',
    'errors.ts',
    'worker-client.ts',
    'models-protocol.ts',
    'models-client.ts',
    'picked-files.ts',
    'listed.ts',
    'storybook/examples.ts',
    'storybook/vocabulary.ts',
    'pictures',
    'config',
    'omnigen2/sizes.ts',
    'omnigen2/language/blank.ts',
    'omnigen2/language/grounding.ts',
  ],
  archive: ['protocol-values.ts', 'settings', 'errors.ts', 'pictures'],
  jobs: ['protocol.ts', 'protocol-values.ts', 'settings', 'sha256.ts'],
  library: ['worker-client.ts', 'picked-files.ts', 'protocol.ts', 'settings', 'errors.ts', 'pictures'],
  'worker-client.ts': ['protocol.ts', 'settings', 'errors.ts', 'interruption.ts'],
  'interruption.ts': ['types protocol.ts', 'types errors.ts'],
  'models-client.ts': ['models-protocol.ts', 'settings', 'errors.ts'],
  worker: [
    'protocol.ts',
    'interruption.ts',
    'models-protocol.ts',
    'settings',
    'errors.ts',
    'storage',
    'runtime',
    'omnigen2',
    'pictures',
    'checkpoints',
    'config',
    'tensors',
  ],
  storage: ['errors.ts', 'json.ts', 'sha256.ts', 'checkpoints'],
  'protocol.ts': ['protocol-values.ts', 'settings'],
  'protocol-values.ts': ['errors.ts'],
  'picked-files.ts': ['types protocol.ts'],
  'models-protocol.ts': ['protocol.ts'],
  omnigen2: [
    'errors.ts',
    'settings',
    'json.ts',
    'pictures',
    'onnx',
    'checkpoints',
    'config',
    'tensors',
    'types runtime',
    'runtime/typed-session.ts',
  ],
  judge: [
    'errors.ts',
    'json.ts',
    'storybook',
    'onnx',
    'checkpoints',
    'tensors',
    'pictures',
    'types runtime',
    'runtime/typed-session.ts',
  ],
  runtime: ['errors.ts', 'onnx', 'tensors'],
  checkpoints: ['errors.ts', 'settings', 'json.ts', 'config', 'tensors', 'types onnx'],
  onnx: ['types tensors'],
  config: ['errors.ts', 'json.ts'],
  pictures: ['errors.ts'],
  storybook: ['listed.ts'],
  'json.ts': ['errors.ts'],
  tensors: [],
  offline: [],
  omnicontext: [],
  settings: ['errors.ts'],
  'errors.ts': [],
  'sha256.ts': [],
  'listed.ts': [],
};

const IMPORT = /^(?:import|export)( type)?\s[^;]*?from '(\.[^']+)'|import\('(\.[^']+)'\)/gms;

interface Import {
  readonly file: string;
  readonly target: string;
  readonly types: boolean;
}

test('every import goes down', () => {
  const wrong = [...sources('src'), ...sources('workers')]
    .flatMap(importsOf)
    .filter((each) => !allowed(each))
    .map(({ file, target }) => `${file} imports ${target}`);
  expect(wrong).toEqual([]);
});

test('no files import each other in a circle', () => {
  const files = ['src', 'workers', 'cli', 'e2e', 'training/world'].flatMap(sources);
  const graph = new Map(files.map((file) => [file, importsOf(file).map(({ target }) => target)]));
  expect(circles(graph)).toEqual([]);
});

test('the search for circles finds one', () => {
  const graph = new Map([
    ['a', ['b']],
    ['b', ['c']],
    ['c', ['b', 'd']],
    ['d', []],
  ]);
  expect(circles(graph)).toEqual([['b', 'c']]);
});

/** The sources of the product: tests and their helpers may import what they like. */
function sources(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((path) => join(folder, path))
    .filter((path) => /\.tsx?$/.test(path) && !/\.test\.|fixtures?\.node\.|platform\.d/.test(path));
}

function importsOf(file: string): Import[] {
  return [...readFileSync(file, 'utf8').matchAll(IMPORT)].map(([, types, from, late]) => ({
    file,
    target: normalize(join(dirname(file), from ?? late)),
    types: types !== undefined,
  }));
}

function allowed({ file, target, types }: Import): boolean {
  const layer = layerOf(file);
  if (layer === layerOf(target)) return true;
  const inside = target.replace(/^src\//, '');
  return (MAY_IMPORT[layer] ?? []).some((rule) =>
    rule.startsWith('types ') ? types && inside.startsWith(rule.slice(6)) : inside.startsWith(rule),
  );
}

/** `src/omnigen2/vae/tiling.ts` is of the layer `omnigen2`. */
function layerOf(file: string): string {
  const parts = file.split('/');
  return parts[0] === 'src' ? parts[1] : parts[0];
}

/**
 * The groups of files that reach each other, type-only imports included, each sorted by name.
 * Source: R. Tarjan, Depth-first search and linear graph algorithms, 1972 (strongly connected components)
 */
function circles(graph: ReadonlyMap<string, readonly string[]>): string[][] {
  const index = new Map<string, number>();
  const low = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (file: string): void => {
    index.set(file, index.size);
    low.set(file, index.get(file)!);
    stack.push(file);
    for (const target of graph.get(file) ?? []) {
      if (!graph.has(target)) continue;
      if (!index.has(target)) visit(target);
      if (stack.includes(target)) low.set(file, Math.min(low.get(file)!, low.get(target)!));
    }
    if (low.get(file) !== index.get(file)) return;
    const group = stack.splice(stack.indexOf(file));
    if (group.length > 1) found.push(group.sort());
  };
  for (const file of graph.keys()) if (!index.has(file)) visit(file);
  return found;
}
