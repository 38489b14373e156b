import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { decodeImage } from '../../src/pictures/decode.node.ts';
import type { RgbImage } from '../../src/pictures/image.ts';
import { contactSheet, writeSheets } from './sheets.ts';

/** A picture of 40 x 40 pixels in one grey. */
const plain = (grey: number) => ({ width: 40, height: 40, data: new Uint8Array(3 * 40 * 40).fill(grey) });

function greyAt({ width, data }: RgbImage, x: number, y: number): number {
  return data[3 * (y * width + x)];
}

test('cases lie side by side, their pictures in columns, with white for missing pictures', () => {
  const cases = Array.from({ length: 5 }, (_, i) => [i === 1 ? undefined : plain(10 * i), plain(10 * i + 5)]);
  const made = contactSheet(cases);
  if (!made) throw new Error('no sheet');
  // Four cases of two pictures fill a row, so the fifth begins the second row.
  expect(made).toMatchObject({ width: 4 * 84 + 3 * 20 + 8, height: 4 + 2 * 44 });
  expect(greyAt(made, 4, 4)).toBe(0);
  expect(greyAt(made, 4 + 44, 4)).toBe(5);
  expect(greyAt(made, 4 + 104, 4)).toBe(255);
  expect(greyAt(made, 4 + 104 + 44, 43)).toBe(15);
  expect(greyAt(made, 4, 48)).toBe(40);
  expect(greyAt(made, 0, 0)).toBe(255);
  expect(greyAt(made, made.width - 1, made.height - 1)).toBe(255);
});

test('there is no sheet without pictures', () => {
  expect(contactSheet([[], []])).toBeUndefined();
  expect(contactSheet([])).toBeUndefined();
});

test('a sheet and its README are written', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'sheets-'));
  try {
    const report = {
      id: 'edit-1',
      kind: 'recolour',
      prompt: 'a | b',
      said: ['Red? yes', 'Blue? <|img|>'],
      outcome: {},
    };
    const shown = [{ report, references: [plain(10)], truth: plain(120), result: plain(230) }];
    const task = { title: 'Edit', cases: 1, seconds: 1, figures: [], failures: [], reports: [report], shown };
    await writeSheets(join(folder, 'new'), [['edit', task]]);
    const readme = await readFile(join(folder, 'new', 'README.md'), 'utf8');
    expect(readme).toContain('| 1 | recolour | a \\| b | Red? yes<br>Blue? &lt;\\|img\\|> |');
    expect(readme).toContain('reference, target, drawing');
    const picture = await decodeImage(await readFile(join(folder, 'new', 'edit.webp')), 'edit.webp');
    expect(picture).toMatchObject({ width: 3 * 44 + 4, height: 48 });
    // WebP is lossy.
    for (const [i, grey] of [10, 120, 230].entries()) {
      expect(Math.abs(greyAt(picture, 4 + 44 * i + 20, 24) - grey)).toBeLessThan(4);
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
