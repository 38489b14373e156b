/** Files that are no pictures, pictures that are odd, and words that cannot be drawn: one sentence each, nothing lost. */

import { readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { deflateSync } from 'node:zlib';
import { expect, type Locator, test } from '@playwright/test';
import sharp from 'sharp';
import {
  differenceOf,
  expectedPicture,
  fixturePictures,
  pictureFile,
  refusedPictures,
} from '../src/pictures/fixtures.node.ts';
import type { RgbImage } from '../src/pictures/image.ts';
import { type GivenFile, StudioPage, sample } from './studio-page.ts';

const PNG = readFileSync(sample('blue-cat'));
const still = () => sharp(PNG).resize(64, 48, { fit: 'fill' });
const text = (name: string, words: string): GivenFile => ({ name, bytes: Buffer.from(words) });

async function animation(): Promise<Buffer> {
  const frames = await Promise.all([0, 90, 180].map((hue) => still().modulate({ hue }).png().toBuffer()));
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: [90, 90, 90] })
    .toBuffer();
}

/** The pixels of a picture as the page shows it. */
async function pixelsOf(picture: Locator): Promise<RgbImage> {
  const { width, height, rgba } = await picture.evaluate(async (image: HTMLImageElement) => {
    await image.decode();
    const { naturalWidth, naturalHeight } = image;
    const context = new OffscreenCanvas(naturalWidth, naturalHeight).getContext('2d');
    context?.drawImage(image, 0, 0);
    const pixels = context?.getImageData(0, 0, naturalWidth, naturalHeight).data ?? [];
    return { width: naturalWidth, height: naturalHeight, rgba: [...pixels] };
  });
  return { width, height, data: Uint8Array.from(rgba.filter((_, i) => i % 4 < 3)) };
}

/** A PNG whose header claims another size than its data has. */
function claiming(width: number, height: number): Buffer {
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

const BAD: readonly (readonly [file: GivenFile, sentence: string])[] = [
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
    { name: 'torn.png', bytes: claiming(640, 480) },
    'torn.png is damaged: it begins like a picture but cannot be decoded',
  ],
  [
    { name: 'wide.png', bytes: claiming(20_000, 3) },
    'wide.png is 20000 x 3 pixels; a side may have at most 16,384',
  ],
  [
    { name: 'bomb.png', bytes: claiming(15_000, 15_000) },
    'bomb.png is 15000 x 15000 pixels, 225 megapixels; at most 100 can be read',
  ],
  [{ name: 'dot.png', bytes: claiming(1, 1) }, 'dot.png is 1 x 1 pixels; each side needs at least 16'],
  [
    { name: 'strip.png', bytes: claiming(16_000, 16) },
    'strip.png is 16000 x 16 pixels, too narrow to be used: each side must keep at least 16 pixels. It would be shrunk to 1024 x 1 to fit 1024 pixels a side and 1,048,576 in all',
  ],
];

test.describe('without the model', () => {
  test.beforeEach(async ({ page }) => {
    await page.route('**/models/**', () => undefined);
  });

  test('every file that is no usable picture is told in one sentence, and nothing else changes', async ({
    page,
  }) => {
    const studio = new StudioPage(page);
    const errors: Error[] = [];
    page.on('pageerror', (error) => errors.push(error));
    await studio.open();
    await studio.give('sailboat');
    await studio.prompt.fill('a boat at night');
    for (const [file, sentence] of BAD) {
      await studio.choose(file);
      const notice = page.getByRole('status', { name: sentence, exact: true });
      await expect(notice).toBeVisible();
      await expect(notice).toContainText('Nothing else changed.');
      await notice.getByRole('button', { name: 'Put away' }).click();
    }
    expect(await studio.referenceNames()).toEqual(['sailboat']);
    await expect(studio.prompt).toHaveValue('a boat at night');
    expect(errors).toEqual([]);
  });

  test('damaged pictures of every form are refused in the words of the command line', async ({ page }) => {
    const studio = new StudioPage(page);
    await studio.open();
    for (const { file, says } of refusedPictures) {
      await studio.choose({ name: file, bytes: pictureFile(file) });
      const notice = page.getByRole('status').filter({ hasText: `${file} ${says}` });
      await expect(notice).toBeVisible();
      await notice.getByRole('button', { name: 'Put away' }).click();
    }
    await expect(studio.references).toHaveCount(0);
  });

  test('odd pictures are taken, and shown as they will be used', async ({ page }) => {
    const studio = new StudioPage(page);
    await studio.open();
    for (const { file, expected, within } of fixturePictures) {
      await studio.choose({ name: file, bytes: pictureFile(file) });
      const picture = studio.references.getByRole('img', { name: `image 1: ${file}` });
      await expect(picture).toBeVisible();
      const shown = await pixelsOf(picture);
      expect(differenceOf(shown, expectedPicture(expected)).largest, file).toBeLessThanOrEqual(
        Math.max(1, within),
      );
      await studio.references.getByRole('button', { name: /^Remove/ }).click();
      await expect(studio.references).toHaveCount(0);
    }
  });

  test('an animation is told when it is given', async ({ page }) => {
    const studio = new StudioPage(page);
    await studio.open();
    await studio.choose({ name: 'dance.gif', bytes: pictureFile('twelve-frames.gif') });
    const notice = page.getByRole('status', { name: 'Only one frame of an animation is used' });
    await expect(notice).toContainText('dance.gif is an animation; the first of its 12 frames is used.');
  });

  test('a folder is refused by name, and a picture whose file goes after it was given stays', async ({
    page,
  }, { outputDir }) => {
    const studio = new StudioPage(page);
    await studio.open();
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

  test('good files among bad ones are taken, and each of the others is named', async ({ page }) => {
    const studio = new StudioPage(page);
    await studio.open();
    await studio.choose(BAD[0][0], { name: 'cat.png', bytes: PNG }, BAD[2][0]);
    await expect(studio.references).toHaveCount(1);
    const notice = page.getByRole('status', { name: '2 files cannot be used as pictures' });
    await expect(notice).toContainText(`${BAD[0][1]}. ${BAD[2][1]}.`);
  });

  test('of six pictures at once five are taken, and the sixth is said to find no place', async ({ page }) => {
    const studio = new StudioPage(page);
    await studio.open();
    await studio.choose(...[1, 2, 3, 4, 5, 6].map((n) => ({ name: `cat ${n}.png`, bytes: PNG })));
    await expect(page.getByRole('status', { name: 'One picture found no place' })).toBeVisible();
    expect(await studio.referenceNames()).toEqual(['cat 1', 'cat 2', 'cat 3', 'cat 4', 'cat 5']);
  });

  test('prompts without words, or with too many, are not sent and not lost', async ({ page }) => {
    const studio = new StudioPage(page);
    await studio.open();
    await studio.give('blue-cat');
    for (const [prompt, sentence] of [
      ['', 'There are no words to draw from yet.'],
      [' \n\t ', 'There are no words to draw from yet.'],
      ['\u200b\u00a0\ufeff', 'There are no words to draw from yet.'],
      ['x'.repeat(10_001), 'The prompt has 10,001 characters; the limit is 10,000.'],
      ['🦊'.repeat(10_001), 'The prompt has 10,001 characters; the limit is 10,000.'],
    ]) {
      await studio.make(prompt);
      await expect(studio.problems.getByRole('listitem')).toHaveCount(1);
      await expect(studio.problems).toContainText(sentence);
      await expect(studio.prompt).toHaveValue(prompt);
    }
    expect(await studio.referenceNames()).toEqual(['blue-cat']);
    await expect(studio.stopButton).toBeHidden();
  });

  test('disguised, turned and colourful pictures are taken with the size they are seen at', async ({
    page,
  }) => {
    const studio = new StudioPage(page);
    await studio.open();
    await studio.choose(
      { name: 'webp.png', bytes: await still().webp().toBuffer() },
      { name: 'turned.png', bytes: await still().withMetadata({ orientation: 6 }).jpeg().toBuffer() },
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

test('an animation and a turned photo are drawn from, and the page says what it used', async ({ page }) => {
  test.setTimeout(300_000);
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  await studio.choose(
    { name: 'moving.gif', bytes: await animation() },
    { name: 'turned.jpg', bytes: await still().withMetadata({ orientation: 6 }).jpeg().toBuffer() },
  );
  await expect(studio.references).toHaveCount(2);
  await studio.drawQuickly(1);
  await studio.make(`${'the cat of image 1 beside the boat of image 2 '.repeat(215)}`);
  await studio.result();
  const notes = page.locator('.result-notes').getByRole('listitem');
  await expect(
    notes.filter({ hasText: 'Image 1 is an animation; the first of its 3 frames is used.' }),
  ).toBeVisible();
  await expect(notes.filter({ hasText: /^The prompt is [\d,]+ tokens long with its frame/ })).toBeVisible();
});
