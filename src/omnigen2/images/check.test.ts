import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { checkPictureFile } from './check.ts';
import { type PictureKind, sniffPicture } from './sniff.ts';

fc.configureGlobal({ seed: 2506 });

const WIDTH = 60;
const HEIGHT = 44;

/** A real file of every kind that the encoder at hand writes. */
const files = new Map<string, Uint8Array>();
const file = (name: string): Uint8Array => files.get(name) ?? expect.fail(`no file ${name}`);

beforeAll(async () => {
  const raw = Uint8Array.from({ length: 3 * WIDTH * HEIGHT }, (_, i) => (i * 31 + (i >> 4) * 7) % 256);
  const picture = () => sharp(raw, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } });
  files.set('png', await picture().png().toBuffer());
  files.set('jpeg', await picture().jpeg().toBuffer());
  files.set('progressive jpeg', await picture().jpeg({ progressive: true }).toBuffer());
  files.set('webp', await picture().webp().toBuffer());
  files.set('lossless webp', await picture().webp({ lossless: true }).toBuffer());
  files.set('gif', await picture().gif().toBuffer());
  files.set('avif', await picture().avif({ effort: 0 }).toBuffer());
  files.set('tiff', await picture().tiff().toBuffer());
  const frames = () =>
    sharp(raw, { raw: { width: WIDTH, height: HEIGHT, channels: 3, pageHeight: HEIGHT / 2 } });
  files.set(
    'animated gif',
    await frames()
      .gif({ delay: [100, 100] })
      .toBuffer(),
  );
  files.set(
    'animated webp',
    await frames()
      .webp({ delay: [100, 100] })
      .toBuffer(),
  );
  files.set(
    'extended webp',
    await picture()
      .ensureAlpha(0.5)
      .withExif({ IFD0: { Artist: 'x' } })
      .webp()
      .toBuffer(),
  );
});

describe('sniffPicture', () => {
  it.each([
    ['png', 'png'],
    ['jpeg', 'jpeg'],
    ['progressive jpeg', 'jpeg'],
    ['webp', 'webp'],
    ['lossless webp', 'webp'],
    ['extended webp', 'webp'],
    ['gif', 'gif'],
    ['avif', 'avif'],
    ['tiff', 'tiff'],
  ])('reads kind, size and end of a %s', (name, kind) => {
    const facts = { kind, width: WIDTH, height: HEIGHT, animated: false, complete: true };
    expect(sniffPicture(file(name))).toMatchObject(facts);
  });

  it.each(['gif', 'webp'])('sees that a %s is animated', (kind) => {
    const facts = { kind, width: WIDTH, height: HEIGHT / 2, animated: true, complete: true };
    expect(sniffPicture(file(`animated ${kind}`))).toMatchObject(facts);
  });

  it('sees that a PNG is animated', () => {
    const png = file('png');
    const control = Uint8Array.of(0, 0, 0, 8, ...Buffer.from('acTL'), 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0);
    const animated = Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
    expect(sniffPicture(animated)).toMatchObject({ kind: 'png', animated: true, complete: true });
  });

  it('reads the size of a BMP, upside down or not', () => {
    const bmp = Buffer.alloc(58);
    bmp.write('BM');
    bmp.writeUInt32LE(58, 2);
    bmp.writeUInt32LE(40, 14);
    bmp.writeInt32LE(640, 18);
    bmp.writeInt32LE(-480, 22);
    expect(sniffPicture(bmp)).toEqual({
      kind: 'bmp',
      width: 640,
      height: 480,
      animated: false,
      complete: true,
    });
  });

  it.each<[PictureKind, string]>([
    ['svg', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'],
    ['svg', '\uFEFF<?xml version="1.0"?>\n<!-- by hand --><!DOCTYPE svg PUBLIC "a" "b">\n<svg>'],
  ])('knows an %s', (kind, text) => {
    expect(sniffPicture(Buffer.from(text))).toMatchObject({ kind });
  });

  it('is not held up by text made to be hard to match', () => {
    const started = performance.now();
    sniffPicture(Buffer.from('<!---->'.repeat(580)));
    sniffPicture(Buffer.from(`<?xml ${' '.repeat(4000)}`));
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('never throws and never believes in negative sizes, whatever follows a magic number', () => {
    const starts = ['png', 'jpeg', 'webp', 'lossless webp', 'extended webp', 'gif', 'avif'];
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.nat(80),
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        (name, keep, noise, behind) => {
          const whole = file(name);
          const bytes = Buffer.concat([
            whole.subarray(0, keep),
            noise,
            behind ? whole.subarray(keep) : noise,
          ]);
          const facts = sniffPicture(bytes);
          if ('width' in facts) {
            expect(facts.width).toBeGreaterThanOrEqual(0);
            expect(facts.height).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('checkPictureFile', () => {
  it('passes pictures, and says that an animation gives its first frame', () => {
    expect(checkPictureFile(file('jpeg'), 'a.jpg').notes).toEqual([]);
    expect(checkPictureFile(file('animated gif'), 'a.gif').notes).toEqual([
      'a.gif is animated; its first frame is used.',
    ]);
  });

  it('says that a TIFF of several pages gives its first page', async () => {
    const pages = [Buffer.from(file('png')), Buffer.from(file('png'))];
    const tiff = await sharp(pages, { join: { animated: true } })
      .tiff()
      .toBuffer();
    expect(checkPictureFile(tiff, 'scan.tif')).toMatchObject({
      kind: 'tiff',
      width: WIDTH,
      height: HEIGHT,
      notes: ['scan.tif has several pages; its first page is used.'],
    });
  });

  it('takes text that begins like a BMP for text', () => {
    expect(() => checkPictureFile(Buffer.from('BMW, VW and other cars of the year'), 'a')).toThrow(/is text/);
  });

  it.each(['png', 'jpeg', 'progressive jpeg', 'webp', 'lossless webp', 'gif', 'avif'])(
    'refuses a %s that ends too early, wherever it is cut',
    (name) => {
      const whole = file(name);
      for (const part of [0.15, 0.3, 0.5, 0.8, 0.95]) {
        const cut = whole.subarray(0, Math.max(16, Math.floor(whole.length * part)));
        expect(() => checkPictureFile(cut, 'cut')).toThrow(/^cut is not complete: the file ends/);
      }
    },
  );

  const header = (width: number, height: number): Uint8Array => {
    const png = Buffer.from(file('png'));
    png.writeUInt32BE(width, 16);
    png.writeUInt32BE(height, 20);
    return png;
  };

  it.each<[string, () => Uint8Array, RegExp]>([
    ['an empty file', () => new Uint8Array(0), /is empty: it has 0 bytes/],
    ['an SVG', () => Buffer.from('<svg></svg>'), /is a drawing in SVG/],
    ['a web page', () => Buffer.from('\n<!DOCTYPE html><html>'), /is a web page, not a picture/],
    ['text', () => Buffer.from('Dear picture, hello — ça va?'), /is text, not a picture/],
    ['a PDF', () => Buffer.from('%PDF-1.7\n'), /is a PDF document/],
    [
      'other bytes',
      () => Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 0, 0, 0),
      /is not a picture that can be read/,
    ],
    [
      'a HEIC without its picture',
      () => Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic'),
      /is not complete/,
    ],
    ['a video', () => Buffer.from('\0\0\0\x18ftypisom\0\0\0\0mp42isom'), /not a picture that can be read/],
    [
      'a dimension bomb',
      () => header(60_000, 60_000),
      /60000 x 60000 pixels; a side may have at most 16,384/,
    ],
    ['too many pixels', () => header(16_000, 16_000), /256 megapixels; at most 100 can be read/],
    ['a tiny picture', () => header(12, 300), /12 x 300 pixels; each side needs at least 16/],
    ['no size', () => header(0, 20), /is damaged/],
  ])('refuses %s in one sentence that names it', (_, bytes, words) => {
    expect(() => checkPictureFile(bytes(), 'my file')).toThrow(words);
    expect(() => checkPictureFile(bytes(), 'my file')).toThrow(
      expect.objectContaining({
        code: 'bad_image',
        permanent: true,
        message: expect.stringMatching(/^my file .*\.$/),
        action: expect.stringMatching(/\.$/),
      }),
    );
  });

  it('refuses a strip only where it must be shrunk, and names what it would become', () => {
    const strip = header(16_000, 20);
    expect(checkPictureFile(strip, 'a.png')).toMatchObject({ width: 16_000, height: 20 });
    const limits = { maxPixels: 1024 * 1024, maxReferenceSide: 1024 };
    expect(() => checkPictureFile(strip, 'a.png', limits)).toThrow(
      /a\.png is 16000 x 20 pixels, too narrow.*shrunk to 1024 x 1 to fit 1024 pixels a side/,
    );
  });

  it('advises to save an SVG as PNG', () => {
    expect(() => checkPictureFile(Buffer.from('<svg></svg>'), 'logo.svg')).toThrow(
      expect.objectContaining({ action: 'Save it as PNG and try again.' }),
    );
  });
});
