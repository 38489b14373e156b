import fc from 'fast-check';
import sharp from 'sharp';
import { beforeAll, describe, expect, it } from 'vitest';
import { referenceCheck } from '../omnigen2/sizes.ts';
import { checkHead, checkPictureFile, undecodablePicture } from './check.ts';
import { sniffPicture } from './sniff/sniff.ts';

fc.configureGlobal({ seed: 2506 });

const WIDTH = 60;
const HEIGHT = 44;

/** Real files in every format that sharp writes. */
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
  ])('reads kind and size of a %s, and finds its end', (name, kind) => {
    const header = { kind, width: WIDTH, height: HEIGHT, frames: 1, complete: true };
    expect(sniffPicture(file(name))).toMatchObject(header);
  });

  it.each(['gif', 'webp'])('counts the frames of an animated %s', (kind) => {
    const header = { kind, width: WIDTH, height: HEIGHT / 2, frames: 2, complete: true };
    expect(sniffPicture(file(`animated ${kind}`))).toMatchObject(header);
  });

  it('counts the frames of an animated PNG', () => {
    const png = file('png');
    const control = Uint8Array.of(0, 0, 0, 8, ...Buffer.from('acTL'), 0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0, 0);
    const animated = Buffer.concat([png.subarray(0, 33), control, png.subarray(33)]);
    expect(sniffPicture(animated)).toMatchObject({ kind: 'png', frames: 2, complete: true });
  });

  it('reads the size of a BMP that is stored from the top down', () => {
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
      frames: 1,
      complete: true,
    });
  });

  it.each<[string, string]>([
    ['SVG', '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"></svg>'],
    ['SVG', '\uFEFF<?xml version="1.0"?>\n<!-- by hand --><!DOCTYPE svg PUBLIC "a" "b">\n<svg>'],
  ])('recognizes an %s', (kind, text) => {
    const other = { is: expect.stringContaining(kind) };
    expect(sniffPicture(Buffer.from(text))).toMatchObject({ kind: 'other', other });
  });

  it('matches hostile text in linear time', () => {
    const started = performance.now();
    sniffPicture(Buffer.from('<!---->'.repeat(580)));
    sniffPicture(Buffer.from(`<?xml ${' '.repeat(4000)}`));
    expect(performance.now() - started).toBeLessThan(500);
  });

  it('never throws and never reports a negative size, whatever follows a magic number', () => {
    const starts = ['png', 'jpeg', 'webp', 'lossless webp', 'extended webp', 'gif', 'avif'];
    fc.assert(
      fc.property(
        fc.constantFrom(...starts),
        fc.nat(80),
        fc.uint8Array({ maxLength: 200 }),
        fc.boolean(),
        (name, keep, noise, atEnd) => {
          const whole = file(name);
          const bytes = Buffer.concat([whole.subarray(0, keep), noise, atEnd ? whole.subarray(keep) : noise]);
          const header = sniffPicture(bytes);
          if ('width' in header) {
            expect(header.width).toBeGreaterThanOrEqual(0);
            expect(header.height).toBeGreaterThanOrEqual(0);
          }
        },
      ),
      { numRuns: 500 },
    );
  });
});

describe('checkPictureFile', () => {
  it('passes pictures, and notes that only the first frame of an animation is used', () => {
    expect(checkPictureFile(file('jpeg'), 'a.jpg').notes).toEqual([]);
    expect(checkPictureFile(file('animated gif'), 'a.gif').notes).toEqual([
      'a.gif is an animation; the first of its 2 frames is used.',
    ]);
  });

  it('checks the head of a large file before the rest is read', () => {
    const film = Buffer.from('\0\0\0\x18ftypisom\0\0\0\0mp42isom');
    expect(() => checkHead(film, 8e9, 'film.png')).toThrow('film.png is a video (MP4), not a picture.');
    expect(() => checkHead(file('png'), 2e9, 'a.png')).toThrow(
      'a.png has 2,000 MB; pictures may have at most 500.',
    );
    checkHead(file('jpeg'), 3e7, 'a.jpg');
  });

  it.each<[string, string, string]>([
    ['TIFF', 'II*\0\x08\0\0\0\0\0', 'a TIFF picture, which cannot be read here'],
    ['BigTIFF', 'MM\0+\0\x08\0\0', 'a TIFF picture'],
    [
      'DNG',
      `II*\0\x08\0\0\0\x01\0\x12\xc6\x01\0\x04\0\0\0${'\0'.repeat(20)}`,
      "a camera's raw file (DNG), which cannot be read here",
    ],
    ['CR2', 'II*\0\x10\0\0\0CR\x02\0', "a camera's raw file (CR2)"],
    ['CR3', '\0\0\0\x18ftypcrx \0\0\0\x01crx isom', "a camera's raw file (CR3)"],
    ['RAF', 'FUJIFILMCCD-RAW 0201', "a camera's raw file (RAF)"],
    ['Photoshop', '8BPS\0\x01', 'a Photoshop file (PSD)'],
    ['JPEG XL', '\xff\x0a\xfa\x7f', 'a JPEG XL picture'],
    ['JPEG 2000', '\0\0\0\x0cjP  \r\n\x87\n', 'a JPEG 2000 picture'],
    ['PPM', 'P6\n4 4\n255\n', 'a Netpbm picture (PPM or PGM)'],
    [
      'Targa',
      '\0\0\x02\0\0\0\0\0\0\0\0\0\x60\0\x40\0\x18\0',
      'a Targa picture (TGA), which cannot be read here',
    ],
    ['icon', '\0\0\x01\0\x02\0', 'an icon (ICO)'],
    ['iPhone PNG', '\x89PNG\r\n\x1a\n\0\0\0\x04CgBI', 'a PNG in the format of iPhone apps'],
    ['ZIP', 'PK\x03\x04\x14\0', 'an archive (ZIP), not a picture'],
    ['docx', `PK\x03\x04${'\0'.repeat(26)}[Content_Types].xml`, 'an office document, not a picture'],
    ['gzip', '\x1f\x8b\x08', 'an archive (gzip)'],
    ['tar', `${'a'.repeat(257)}ustar`, 'an archive (tar)'],
    ['PostScript', '%!PS-Adobe-3.0', 'a PostScript document'],
    ['QuickTime', '\0\0\0\x14ftypqt  \0\0\0\0qt  ', 'a video (QuickTime), not a picture'],
    ['WebM', '\x1a\x45\xdf\xa3\x9f', 'a video (WebM or Matroska)'],
    ['AVI', 'RIFF\0\0\0\0AVI LIST', 'a video (AVI)'],
    ['WAV', 'RIFF\0\0\0\0WAVEfmt ', 'a sound file (WAV)'],
    ['a program', '\x7fELF\x02', 'a program, not a picture'],
    ['a font', 'wOF2', 'a font, not a picture'],
    ['a web page in XML', '<?xml version="1.0"?>\n<!DOCTYPE html PUBLIC "a"><html>', 'a web page'],
    ['text in UTF-16', '\xff\xfeh\0i\0', 'text, not a picture'],
  ])('names the format of a file by its contents: %s', (_, start, words) => {
    expect(() => checkPictureFile(Buffer.from(start, 'latin1'), 'my file')).toThrow(`my file is ${words}`);
  });

  it('names the format of a HEIC photo, even of one that is cut off', () => {
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic');
    expect(checkPictureFile(heic, 'a.heic')).toMatchObject({ kind: 'heic' });
    expect(undecodablePicture('heic', 'a.heic', undefined).message).toMatch(
      /^a\.heic is a HEIC photo, which cannot/,
    );
  });

  it('recognizes text that begins like a BMP', () => {
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
    ['an SVG', () => Buffer.from('<svg></svg>'), /is an SVG drawing/],
    ['a web page', () => Buffer.from('\n<!DOCTYPE html><html>'), /is a web page, not a picture/],
    ['text', () => Buffer.from('Dear picture, hello — ça va?'), /is text, not a picture/],
    ['a PDF', () => Buffer.from('%PDF-1.7\n'), /is a PDF document/],
    ['other bytes', () => Uint8Array.of(9, 0x45, 1, 2, 0, 0, 0), /is not a picture that can be read/],
    ['a video', () => Buffer.from('\0\0\0\x18ftypisom\0\0\0\0mp42isom'), /is a video \(MP4\), not a picture/],
    [
      'a dimension bomb',
      () => header(60_000, 60_000),
      /60000 × 60000 pixels; a side may have at most 16,384/,
    ],
    ['too many pixels', () => header(16_000, 16_000), /256 megapixels; at most 100 can be read/],
    ['a tiny picture', () => header(12, 300), /12 × 300 pixels; each side needs at least 16/],
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

  it('refuses a strip only where it must be shrunk, and names the size it would get', () => {
    const strip = header(16_000, 20);
    expect(checkPictureFile(strip, 'a.png')).toMatchObject({ width: 16_000, height: 20 });
    const limits = { maxPixels: 1024 * 1024, maxReferenceSide: 1024 };
    expect(() => checkPictureFile(strip, 'a.png', referenceCheck(limits))).toThrow(
      /a\.png is 16000 × 20 pixels, too narrow.*shrunk to 1024 × 1 to fit 1024 pixels a side/,
    );
  });

  it('advises to save an SVG as PNG', () => {
    expect(() => checkPictureFile(Buffer.from('<svg></svg>'), 'logo.svg')).toThrow(
      expect.objectContaining({ action: 'Save it as PNG and try again.' }),
    );
  });
});
