import { expect, it } from 'vitest';
import { neededFiles, versionOf } from './shell.ts';

const entries = [
  { url: 'index.html', revision: 'a1' },
  { url: 'assets/ort-wasm-simd-threaded-AAA.wasm', revision: null },
  { url: 'assets/ort-wasm-simd-threaded.jspi-BBB.wasm', revision: null },
  { url: 'assets/ort-wasm-simd-threaded.jspi-B-B.mjs', revision: null },
  { url: 'assets/ort-wasm-simd-threaded.asyncify-CCC.wasm', revision: null },
];
const urls = (jspi: boolean, gpu: boolean) =>
  neededFiles(entries, { jspi, gpu }).map(({ url }) => url.replace(/^.*threaded/, ''));

it('keeps the build of the engine that the browser loads', () => {
  expect(urls(true, true)).toEqual(['index.html', '.jspi-BBB.wasm', '.jspi-B-B.mjs']);
  expect(urls(false, true)).toEqual(['index.html', '-AAA.wasm', '.asyncify-CCC.wasm']);
  expect(urls(false, false)).toEqual(['index.html', '-AAA.wasm']);
});

it('names a version by its files', () => {
  const changed = entries.map((entry) => (entry.revision ? { ...entry, revision: 'a2' } : entry));
  expect(versionOf(changed)).not.toBe(versionOf(entries));
  expect(versionOf([...entries])).toBe(versionOf(entries));
});
