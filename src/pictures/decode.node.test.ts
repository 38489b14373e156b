import { decode as decodePng } from 'fast-png';
import sharp, { type Sharp } from 'sharp';
import { describe, expect, it } from 'vitest';
import { decodeImage } from './decode.node.ts';
import { encodePng } from './encode.node.ts';
import {
  differenceOf,
  expectedPicture,
  fixturePictures,
  pictureFile,
  refusedPictures,
} from './fixtures.node.ts';
import type { RgbImage } from './image.ts';

const [WIDTH, HEIGHT] = [40, 24];
const raw = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => (i * 31 + (i >> 4) * 7) % 256);
const picture: RgbImage = { width: WIDTH, height: HEIGHT, data: raw };

function plain(red: number, green: number, blue: number, width = WIDTH, height = HEIGHT): Sharp {
  return sharp({ create: { width, height, channels: 3, background: { r: red, g: green, b: blue } } });
}

function pixel({ width, data }: RgbImage, x: number, y: number): number[] {
  return [...data.subarray(3 * (y * width + x), 3 * (y * width + x) + 3)];
}

/** Fails if any value differs by more than `by` levels from the colour. */
function expectColour(image: RgbImage, colour: readonly number[], by: number): void {
  image.data.forEach((value, i) => {
    if (Math.abs(value - colour[i % 3]) > by) expect.fail(`value ${i} is ${value}, not ${colour[i % 3]}`);
  });
}

describe('decodeImage', () => {
  it('decodes and encodes a PNG without changing its pixels', async () => {
    const png = await encodePng(picture);
    expect(await decodeImage(png, 'a.png')).toEqual(picture);
    const other = decodePng(png);
    expect([other.width, other.height, other.channels, other.depth]).toEqual([WIDTH, HEIGHT, 3, 8]);
    expect(Uint8Array.from(other.data)).toEqual(raw);
  });

  it.each([1, 2, 3, 4, 5, 6, 7, 8])(
    'rotates a picture with EXIF orientation %i upright',
    async (orientation) => {
      // Quarters in red, green, blue and yellow, stored so that the orientation restores their order.
      const quarter = (r: number, g: number, b: number) => plain(r, g, b, 32, 24).png().toBuffer();
      const upright = await sharp({ create: { width: 64, height: 48, channels: 3, background: '#000' } })
        .composite([
          { input: await quarter(255, 0, 0), left: 0, top: 0 },
          { input: await quarter(0, 255, 0), left: 32, top: 0 },
          { input: await quarter(0, 0, 255), left: 0, top: 24 },
          { input: await quarter(255, 255, 0), left: 32, top: 24 },
        ])
        .png()
        .toBuffer();
      const transposed = orientation >= 5;
      let stored = sharp(upright);
      if ([2, 4].includes(orientation)) stored = stored.flop();
      if (orientation === 3) stored = stored.rotate(180);
      if (orientation === 4) stored = stored.rotate(180);
      if (orientation === 5) stored = stored.rotate(270).flop();
      if (orientation === 6) stored = stored.rotate(270);
      if (orientation === 7) stored = stored.rotate(90).flop();
      if (orientation === 8) stored = stored.rotate(90);
      const flat = await stored.png().toBuffer();
      const jpeg = await sharp(flat).jpeg({ quality: 100 }).withMetadata({ orientation }).toBuffer();
      expect((await sharp(jpeg).metadata()).width).toBe(transposed ? 48 : 64);
      const image = await decodeImage(jpeg, 'photo.jpg');
      expect([image.width, image.height]).toEqual([64, 48]);
      const near = ([r, g, b]: number[]) => [r > 127, g > 127, b > 127];
      expect(near(pixel(image, 8, 8))).toEqual([true, false, false]);
      expect(near(pixel(image, 56, 8))).toEqual([false, true, false]);
      expect(near(pixel(image, 8, 40))).toEqual([false, false, true]);
      expect(near(pixel(image, 56, 40))).toEqual([true, true, false]);
    },
  );

  it('composites transparent pixels over white', async () => {
    const png = await plain(10, 20, 30).ensureAlpha(0).png().toBuffer();
    expectColour(await decodeImage(png, 'a.png'), [255, 255, 255], 0);
    const half = await plain(0, 0, 0).ensureAlpha(0.5).png().toBuffer();
    expectColour(await decodeImage(half, 'a.png'), [127, 127, 127], 1);
  });

  it('converts 16 bits, palettes, grey and CMYK to 8-bit sRGB', async () => {
    const deep = await plain(200, 100, 50).toColourspace('rgb16').png().toBuffer();
    expect((await sharp(deep).metadata()).depth).toBe('ushort');
    expectColour(await decodeImage(deep, 'deep.png'), [200, 100, 50], 1);
    const palette = await plain(200, 100, 50).png({ palette: true }).toBuffer();
    expectColour(await decodeImage(palette, 'palette.png'), [200, 100, 50], 1);
    const grey = await plain(90, 90, 90).toColourspace('b-w').png().toBuffer();
    expect((await sharp(grey).metadata()).channels).toBe(1);
    expectColour(await decodeImage(grey, 'grey.png'), [90, 90, 90], 0);
    const cmyk = await plain(250, 250, 250).toColourspace('cmyk').jpeg({ quality: 100 }).toBuffer();
    expect((await sharp(cmyk).metadata()).space).toBe('cmyk');
    expectColour(await decodeImage(cmyk, 'cmyk.jpg'), [250, 250, 250], 8);
  });

  it('decodes the first frame of an animation and notes it', async () => {
    const two = Buffer.concat([
      await plain(255, 0, 0).raw().toBuffer(),
      await plain(0, 0, 255).raw().toBuffer(),
    ]);
    const gif = await sharp(two, {
      raw: { width: WIDTH, height: 2 * HEIGHT, channels: 3, pageHeight: HEIGHT },
    })
      .gif({ delay: [50, 50] })
      .toBuffer();
    const notes: string[] = [];
    const image = await decodeImage(gif, 'dance.gif', { notes });
    expect([image.width, image.height]).toEqual([WIDTH, HEIGHT]);
    expectColour(image, [255, 0, 0], 0);
    expect(notes).toEqual(['dance.gif is an animation; the first of its 2 frames is used.']);
  });

  it.each(fixturePictures)(
    'decodes $file to its expected pixels',
    async ({ file, expected, within, mean, frames }) => {
      const notes: string[] = [];
      const difference = differenceOf(
        await decodeImage(pictureFile(file), file, { notes }),
        expectedPicture(expected),
      );
      expect(difference.largest).toBeLessThanOrEqual(within);
      expect(difference.mean).toBeLessThanOrEqual(mean ?? within);
      expect(notes).toEqual(
        frames === undefined ? [] : [`${file} is an animation; the first of its ${frames} frames is used.`],
      );
    },
  );

  it.each(fixturePictures.filter(({ dropped }) => dropped !== undefined))(
    'ignores the alpha of $file with alpha: dropped',
    async ({ file, dropped = '', within, mean }) => {
      const image = await decodeImage(pictureFile(file), file, { alpha: 'dropped' });
      const difference = differenceOf(image, expectedPicture(dropped));
      expect(difference.largest).toBeLessThanOrEqual(within);
      expect(difference.mean).toBeLessThanOrEqual(mean ?? within);
    },
  );

  it.each(refusedPictures)('refuses $file, which $says', async ({ file, says }) => {
    await expect(decodeImage(pictureFile(file), file)).rejects.toMatchObject({
      code: 'bad_image',
      message: expect.stringMatching(/\.$/),
      action: expect.stringMatching(/\.$/),
    });
    await expect(decodeImage(pictureFile(file), file)).rejects.toThrow(`${file} ${says}`);
  });

  it('does not modify its input', async () => {
    for (const file of ['exif-6.webp', 'moving.avif', 'interlaced.png']) {
      const bytes = pictureFile(file);
      const before = Buffer.from(bytes);
      await decodeImage(bytes, file);
      expect(bytes.equals(before), file).toBe(true);
    }
  });

  it('refuses damaged data with a message', async () => {
    const png = Buffer.from(await encodePng(picture));
    png.fill(0x5a, 50, png.length - 20);
    await expect(decodeImage(png, 'broken.png')).rejects.toThrow(
      expect.objectContaining({ code: 'bad_image', message: expect.stringMatching(/^broken\.png is /) }),
    );
  });
});
