/** Contact sheets of the first cases of every task, with their words. */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import sharp from 'sharp';
import type { RgbImage } from '../../src/pictures/image.ts';
import type { ShownCase, TaskReport } from './task.ts';

/** Number of cases on a sheet. */
export const SHEET_CASES = 16;
/** Most pictures in a row. */
const MOST_COLUMNS = 8;
/** Space between pictures, in pixels. */
const GAP = 4;
/** Space between cases that lie side by side, in pixels. */
const WIDE_GAP = 20;

/**
 * Places cases from left to right and top to bottom. Each is a row of pictures of one size; a missing picture
 * is white.
 * @returns undefined if no case has a picture
 */
export function contactSheet(cases: readonly (readonly (RgbImage | undefined)[])[]): RgbImage | undefined {
  const side = cases.flat().find((picture) => picture !== undefined);
  if (!side) return undefined;
  const columns = Math.max(...cases.map((row) => row.length));
  const across = Math.max(1, Math.min(cases.length, Math.floor(MOST_COLUMNS / columns)));
  const caseWidth = columns * (side.width + GAP) - GAP;
  const width = 2 * GAP + across * (caseWidth + WIDE_GAP) - WIDE_GAP;
  const height = GAP + Math.ceil(cases.length / across) * (side.height + GAP);
  const data = new Uint8Array(3 * width * height).fill(255);
  for (const [i, row] of cases.entries()) {
    const top = GAP + Math.floor(i / across) * (side.height + GAP);
    for (const [column, picture] of row.entries()) {
      if (!picture) continue;
      const left = GAP + (i % across) * (caseWidth + WIDE_GAP) + column * (side.width + GAP);
      for (let y = 0; y < picture.height; y++) {
        const line = picture.data.subarray(3 * y * picture.width, 3 * (y + 1) * picture.width);
        data.set(line, 3 * ((top + y) * width + left));
      }
    }
  }
  return { width, height, data };
}

/** Writes one sheet for each task, and a README.md with the words of every case. */
export async function writeSheets(
  folder: string,
  tasks: readonly (readonly [name: string, report: TaskReport])[],
): Promise<void> {
  await mkdir(folder, { recursive: true });
  const sections: string[] = [];
  for (const [name, { title, shown }] of tasks) {
    const { rows, columns } = rowsOf(shown);
    const picture = contactSheet(rows);
    if (picture) await writeWebp(join(folder, `${name}.webp`), picture);
    const line = (cells: readonly string[]) => `| ${cells.map(cell).join(' | ')} |`;
    sections.push(
      [
        `## ${title}`,
        '',
        ...(picture
          ? [`![${name}](${name}.webp)`, '', `Pictures of a case: ${columns.join(', ')}.`, '']
          : []),
        '| tile | kind | prompt | result |',
        '| --- | --- | --- | --- |',
        ...shown.map(({ report }, i) =>
          line([String(i + 1), report.kind, report.prompt, report.said.join('\n')]),
        ),
      ].join('\n'),
    );
  }
  const intro =
    'The first held-out cases of each task. Tiles are numbered from left to right and from top to bottom.';
  await writeFile(join(folder, 'README.md'), `# Held-out cases\n\n${intro}\n\n${sections.join('\n\n')}\n`);
}

/** WebP, because these files are committed: it takes a sixth of PNG's bytes here. */
async function writeWebp(path: string, { width, height, data }: RgbImage): Promise<void> {
  await sharp(data, { raw: { width, height, channels: 3 } })
    .webp({ quality: 80, effort: 6 })
    .toFile(path);
}

/** The pictures of all cases, in the same columns, and the names of the columns. */
function rowsOf(shown: readonly ShownCase[]): {
  rows: readonly (RgbImage | undefined)[][];
  columns: readonly string[];
} {
  const given = Math.max(0, ...shown.map(({ references }) => references.length));
  const hasTruth = shown.some(({ truth }) => truth);
  const hasResult = shown.some(({ result }) => result);
  const rows = shown.map(({ references, truth, result }) => [
    ...Array.from({ length: given }, (_, i): RgbImage | undefined => references[i]),
    ...(hasTruth ? [truth] : []),
    ...(hasResult ? [result] : []),
  ]);
  const columns = [
    ...Array.from({ length: given }, (_, i) => (given === 1 ? 'reference' : `image ${i + 1}`)),
    ...(hasTruth ? ['target'] : []),
    ...(hasResult ? ['drawing'] : []),
  ];
  return { rows, columns };
}

/** Escapes a text for a table cell. */
function cell(text: string): string {
  return text
    .replaceAll('\\', '\\\\')
    .replaceAll('|', '\\|')
    .replaceAll('<', '&lt;')
    .replaceAll(/\r?\n/g, '<br>');
}
