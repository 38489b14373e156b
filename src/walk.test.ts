/**
 * The walk "from keypress to pixel" in docs/ARCHITECTURE.md names functions that exist, and counts them
 * right.
 */

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

const page = readFileSync('docs/ARCHITECTURE.md', 'utf8');
const steps = [...page.matchAll(/^ {6}(src\/\S+\.tsx?) +(.+)$/gm)].flatMap(([, file, names]) =>
  names.split(' > ').map((name) => ({ file, name })),
);

it.each(steps)('$name is in $file', ({ file, name }) => {
  expect(readFileSync(file, 'utf8')).toMatch(definitionOf(name));
});

it('has the number of hops and files that the page states', () => {
  const files = new Set(steps.map(({ file }) => file));
  const stated = `**${steps.length} hops through ${files.size} files**`;
  expect(page.replaceAll(/\s+/g, ' ')).toContain(stated);
});

/** A function, a constant, a method, or a property of an object. A call does not match. */
function definitionOf(name: string): RegExp {
  const method = `^ *(async )?${name}(<[^;]*>)?\\([^;]*\\)(: [^;]+)? \\{$`;
  const property = `^ *${name}: (async )?\\(`;
  return new RegExp(`(function|const) ${name}\\b|${method}|${property}`, 'm');
}
