import { readdir, readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';

test('docs/screenshots holds the pictures that README.md shows, and no others', async () => {
  const readme = await readFile('README.md', 'utf8');
  const shown = [...readme.matchAll(/docs\/screenshots\/([\w.-]+\.png)/g)].map(([, name]) => name);
  expect((await readdir('docs/screenshots')).sort()).toEqual([...new Set(shown)].sort());
});
