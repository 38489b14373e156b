/**
 * Files that are not pictures, unusual pictures and invalid prompts: each gets one sentence, and nothing is
 * lost.
 */

import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect } from '@playwright/test';
import sharp from 'sharp';
import { MAX_REFERENCES } from '../src/config/config.ts';
import {
  differenceOf,
  expectedPicture,
  fixturePictures,
  pictureFile,
  refusedPictures,
} from '../src/pictures/fixtures.node.ts';
import { test } from './fixtures.ts';
import { pixelsOf } from './pixels.ts';
import { type ChosenFile, sample } from './studio-page.ts';

const PNG = readFileSync(sample('blue-cat'));
const still = () => sharp(PNG).resize(64, 48, { fit: 'fill' });
const text = (name: string, words: string): ChosenFile => ({ name, bytes: Buffer.from(words) });

async function animation(): Promise<Buffer> {
  const frames = await Promise.all([0, 90, 180].map((hue) => still().modulate({ hue }).png().toBuffer()));
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: [90, 90, 90] })
    .toBuffer();
}

/** A PNG whose header gives another size than its data has. */
function pngWithHeaderSize(width: number, height: number): Buffer {
  const chunk = (type: string, data: Buffer) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(data.length);
    return Buffer.concat([length, Buffer.from(type), data, Buffer.alloc(4)]);
  };
  const header = Buffer.from([0, 0, 0, 0, 0, 0, 0, 0, 8, 2, 0, 0, 0]);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  const signature = PNG.subarray(0, 8);
  return Buffer.concat([
    signature,
    chunk('IHDR', header),
    chunk('IDAT', deflateSync(Buffer.alloc(99))),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

const UNUSABLE: readonly (readonly [file: ChosenFile, sentence: string])[] = [
  [text('nothing.png', ''), 'nothing.png is empty: it has 0 bytes'],
  [
    text('drawing.svg', '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>'),
    'drawing.svg is an SVG drawing, which has no pixels of its own',
  ],
  [text('notes.png', 'hello'), 'notes.png is text, not a picture'],
  [text('page.png', '<!doctype html><title>404</title>'), 'page.png is a web page, not a picture'],
  [text('paper.png', '%PDF-1.7'), 'paper.png is a PDF document, not a picture'],
  [
    { name: 'archive.png', bytes: Buffer.from('504b030414000000', 'hex') },
    'archive.png is an archive (ZIP), not a picture',
  ],
  [
    { name: 'noise.png', bytes: Buffer.from('0901020304050607', 'hex') },
    'noise.png is not a picture that can be read; PNG, JPEG, WebP, GIF, AVIF and BMP can',
  ],
  [
    { name: 'scan.png', bytes: Buffer.from('49492a0008000000000000000000', 'hex') },
    'scan.png is a TIFF picture, which cannot be read here; PNG, JPEG, WebP, GIF, AVIF and BMP can',
  ],
  [
    { name: 'photo.png', bytes: Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic', 'latin1') },
    'photo.png is a HEIC photo, which cannot be read here; PNG, JPEG, WebP, GIF, AVIF and BMP can',
  ],
  [
    { name: 'film.png', bytes: Buffer.from('\0\0\0\x18ftypisom\0\0\0\0mp42isom', 'latin1') },
    'film.png is a video (MP4), not a picture',
  ],
  [
    { name: 'cut.png', bytes: PNG.subarray(0, PNG.length >> 1) },
    'cut.png is not complete: the file ends before the picture does',
  ],
  [
    { name: 'torn.png', bytes: pngWithHeaderSize(640, 480) },
    'torn.png is damaged: it begins like a picture but cannot be decoded',
  ],
  [
    { name: 'wide.png', bytes: pngWithHeaderSize(20_000, 3) },
    'wide.png is 20000 × 3 pixels; a side may have at most 16,384',
  ],
  [
    { name: 'bomb.png', bytes: pngWithHeaderSize(15_000, 15_000) },
    'bomb.png is 15000 × 15000 pixels, 225 megapixels; at most 100 can be read',
  ],
  [
    { name: 'dot.png', bytes: pngWithHeaderSize(1, 1) },
    'dot.png is 1 × 1 pixels; each side needs at least 16',
  ],
  [
    { name: 'strip.png', bytes: pngWithHeaderSize(16_000, 16) },
    'strip.png is 16000 × 16 pixels, too narrow to be used: each side must keep at least 16 pixels. It would be shrunk to 1024 × 1 to fit 1024 pixels a side and 1,048,576 in all',
  ],
];

test.describe('without the model', () => {
  test('each unusable file is refused in one sentence, and nothing else changes', async ({
    studioWithoutModel: studio,
  }) => {
    const { page } = studio;
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await studio.addReferences('sailboat');
    await studio.prompt.fill('a boat at night');
    for (const [file, sentence] of UNUSABLE) {
      await studio.chooseFiles(file);
      const notice = page.getByRole('status', { name: sentence, exact: true });
      await expect(notice).toBeVisible();
      await expect(notice).toContainText('Nothing else changed.');
      await notice.getByRole('button', { name: 'Dismiss' }).click();
    }
    expect(await studio.referenceNames()).toEqual(['sailboat']);
    await expect(studio.prompt).toHaveValue('a boat at night');
    expect(errors).toEqual([]);
  });

  test('damaged pictures of every format are refused in the words of the command line', async ({
    studioWithoutModel: studio,
  }) => {
    for (const { file, says } of refusedPictures) {
      await studio.chooseFiles({ name: file, bytes: pictureFile(file) });
      const notice = studio.page.getByRole('status').filter({ hasText: `${file} ${says}` });
      await expect(notice).toBeVisible();
      await notice.getByRole('button', { name: 'Dismiss' }).click();
    }
    await expect(studio.references).toHaveCount(0);
  });

  test('unusual pictures are accepted, and shown as they will be used', async ({
    studioWithoutModel: studio,
  }) => {
    for (let first = 0; first < fixturePictures.length; first += MAX_REFERENCES) {
      const batch = fixturePictures.slice(first, first + MAX_REFERENCES);
      await studio.chooseFiles(...batch.map(({ file }) => ({ name: file, bytes: pictureFile(file) })));
      for (const [i, { file, expected, within }] of batch.entries()) {
        const picture = studio.references.getByRole('img', { name: `image ${i + 1}: ${file}` });
        await expect(picture).toBeVisible();
        const shown = await pixelsOf(picture);
        expect(differenceOf(shown, expectedPicture(expected)).largest, file).toBeLessThanOrEqual(
          Math.max(1, within),
        );
      }
      await studio.removeReferences();
    }
  });

  test('a notice says that only one frame of an animation is used', async ({
    studioWithoutModel: studio,
  }) => {
    await studio.chooseFiles({ name: 'dance.gif', bytes: pictureFile('twelve-frames.gif') });
    const notice = studio.page.getByRole('status', { name: 'Only one frame of an animation is used' });
    await expect(notice).toContainText('dance.gif is an animation; the first of its 12 frames is used.');
  });

  test('a folder is refused by name, and a picture stays after its file is deleted', async ({
    studioWithoutModel: studio,
  }, { outputDir }) => {
    const { page } = studio;
    const folder = join(outputDir, 'holiday');
    await mkdir(folder, { recursive: true });
    const file = join(outputDir, 'cat.png');
    await writeFile(file, PNG);
    await studio.dropFromDisk(folder, file);
    await expect(page.getByRole('status', { name: 'holiday is a folder, not a picture' })).toBeVisible();
    await expect(studio.references).toHaveCount(1);
    await rm(file);
    await studio.prompt.fill('the cat at night');
    const picture = studio.references.getByRole('img', { name: 'image 1: cat.png' });
    expect((await pixelsOf(picture)).width).toBeGreaterThan(0);
    await studio.dropFromDisk(file);
    await expect(
      page.getByRole('status', { name: /^cat\.png could not be read: the file was moved/ }),
    ).toBeVisible();
    await expect(studio.references).toHaveCount(1);
    await expect(studio.prompt).toHaveValue('the cat at night');
  });

  test('pictures among unusable files are added, and each unusable file is named', async ({
    studioWithoutModel: studio,
  }) => {
    await studio.chooseFiles(UNUSABLE[0][0], { name: 'cat.png', bytes: PNG }, UNUSABLE[2][0]);
    await expect(studio.references).toHaveCount(1);
    const notice = studio.page.getByRole('status', { name: '2 files cannot be used as pictures' });
    await expect(notice).toContainText(`${UNUSABLE[0][1]}. ${UNUSABLE[2][1]}.`);
  });

  test('of six pictures at once five are added, and a notice says so', async ({
    studioWithoutModel: studio,
  }) => {
    await studio.chooseFiles(...[1, 2, 3, 4, 5, 6].map((n) => ({ name: `cat ${n}.png`, bytes: PNG })));
    await expect(studio.page.getByRole('status', { name: 'One picture was not added' })).toBeVisible();
    expect(await studio.referenceNames()).toEqual(['cat 1', 'cat 2', 'cat 3', 'cat 4', 'cat 5']);
  });

  test('prompts that are empty or too long are neither sent nor lost', async ({
    studioWithoutModel: studio,
  }) => {
    await studio.addReferences('blue-cat');
    for (const [prompt, sentence] of [
      ['', 'The prompt is empty.'],
      [' \n\t ', 'The prompt is empty.'],
      ['\u200b\u00a0\ufeff', 'The prompt is empty.'],
      ['x'.repeat(10_001), 'The prompt has 10,001 characters; the limit is 10,000.'],
      ['🦊'.repeat(10_001), 'The prompt has 10,001 characters; the limit is 10,000.'],
    ]) {
      await studio.draw(prompt);
      await expect(studio.problems.getByRole('listitem')).toHaveCount(1);
      await expect(studio.problems).toContainText(sentence);
      await expect(studio.prompt).toHaveValue(prompt);
    }
    expect(await studio.referenceNames()).toEqual(['blue-cat']);
    await expect(studio.stopButton).toBeHidden();
  });

  test('pictures with a wrong extension, a rotation or other colours show their size', async ({
    studioWithoutModel: studio,
  }) => {
    await studio.chooseFiles(
      { name: 'webp.png', bytes: await still().webp().toBuffer() },
      { name: 'rotated.png', bytes: await still().withMetadata({ orientation: 6 }).jpeg().toBuffer() },
      { name: 'print.png', bytes: await still().toColourspace('cmyk').jpeg().toBuffer() },
      { name: 'deep.png', bytes: await still().toColourspace('rgb16').png().toBuffer() },
      { name: 'moving.png', bytes: await animation() },
    );
    await expect(studio.references).toHaveCount(5);
    const captions = await studio.references.locator('small').allInnerTexts();
    expect(captions.map((caption) => /\d+\s*×\s*\d+/.exec(caption)?.[0].replaceAll(/\s/g, ''))).toEqual([
      '64×48',
      '48×64',
      '64×48',
      '64×48',
      '64×48',
    ]);
  });
});

test('an animation and a rotated photo are drawn from, and notes say what was used', async ({ studio }) => {
  await studio.chooseFiles(
    { name: 'moving.gif', bytes: await animation() },
    { name: 'rotated.jpg', bytes: await still().withMetadata({ orientation: 6 }).jpeg().toBuffer() },
  );
  await expect(studio.references).toHaveCount(2);
  await studio.setSteps(1);
  await studio.draw(`${'the cat of image 1 beside the boat of image 2 '.repeat(215)}`);
  await studio.result();
  const notes = studio.page.locator('.result-notes').getByRole('listitem');
  await expect(
    notes.filter({ hasText: 'Image 1 is an animation; the first of its 3 frames is used.' }),
  ).toBeVisible();
  await expect(
    notes.filter({ hasText: /^The prompt is [\d,]+ tokens long with its template/ }),
  ).toBeVisible();
});
