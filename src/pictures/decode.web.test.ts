/** Runs the browser's decoder in a real Chromium and compares it with the decoder for Node. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from '@playwright/test';
import sharp from 'sharp';
import { createServer, type Plugin, type ViteDevServer } from 'vite';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CHROMIUM_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import type { ErrorReport } from '../errors.ts';
import { decodeImage } from './decode.node.ts';
import { encodePng } from './encode.node.ts';
import {
  differenceOf,
  expectedPicture,
  fixturePictures,
  pictureFile,
  refusedPictures,
} from './fixtures.node.ts';
import type { AlphaRule, RgbImage } from './image.ts';

const WIDTH = 40;
const HEIGHT = 30;

const noise = pictureOf(WIDTH, HEIGHT, (i) => (Math.imul(i, 2654435761) >>> 9) & 255);
const smooth = pictureOf(WIDTH, HEIGHT, (i) => {
  const [x, y] = [Math.floor(i / 3) % WIDTH, Math.floor(i / 3 / WIDTH)];
  return [x * 6, y * 8, 255 - x * 3 - y * 2][i % 3];
});

let server: ViteDevServer;
let browser: Browser;
let page: Page;

/** Code of the worker: decodes each file that it receives, and posts the result. */
const WORKER = `
  import { decodeImage } from '/src/pictures/decode.web.ts';
  onmessage = async ({ data: file }) => {
    const notes = [];
    // The test requests an alpha rule through the file's type.
    const alpha = file.type === 'x/dropped' ? 'dropped' : undefined;
    try {
      postMessage({ ...(await decodeImage(file, file.name, { notes, alpha })), notes });
    } catch (error) {
      postMessage({ error: error.toReport?.() ?? { code: 'raw', message: String(error) } });
    }
  };
  postMessage('ready');`;

/** Code of the page: `decodeFile` sends a file to the worker and returns its pixels as base64. */
const PAGE = `<!doctype html>
  <title>Decoder</title>
  <input type="file" />
  <script type="module">
    const worker = new Worker('/decoder-worker.js', { type: 'module' });
    const next = () => new Promise((resolve, reject) => {
      worker.onmessage = ({ data }) => resolve(data);
      worker.onerror = ({ message }) => reject(new Error(message));
    });
    const ready = next();
    globalThis.decodeFile = async (file) => {
      await ready;
      const answer = next();
      worker.postMessage(file);
      const outcome = await answer;
      if ('error' in outcome) return outcome;
      let pixels = '';
      for (let at = 0; at < outcome.data.length; at += 0x8000) {
        pixels += String.fromCharCode(...outcome.data.subarray(at, at + 0x8000));
      }
      return { ...outcome, data: btoa(pixels) };
    };
  </script>`;

declare global {
  function decodeFile(
    file: File,
  ): Promise<
    | { readonly error: ErrorReport }
    | { readonly width: number; readonly height: number; readonly data: string; readonly notes: string[] }
  >;
}

const decoderPage: Plugin = {
  name: 'decoder-page',
  configureServer({ middlewares }) {
    for (const [path, type, text] of [
      ['/decoder-worker.js', 'text/javascript', WORKER],
      ['/decoder', 'text/html', PAGE],
    ]) {
      middlewares.use(path, (_request, response) => {
        response.setHeader('content-type', type);
        // Cross-origin isolated, like the program's own page.
        response.setHeader('cross-origin-embedder-policy', 'require-corp');
        response.end(text);
      });
    }
  },
};

beforeAll(async () => {
  server = await createServer({
    plugins: [decoderPage],
    server: { port: 0, host: '127.0.0.1', hmr: false, watch: null },
    logLevel: 'error',
  });
  await server.listen();
  browser = await chromium.launch({ executablePath: browserPath(), args: CHROMIUM_FLAGS });
  page = await browser.newPage();
  await page.goto(`${server.resolvedUrls?.local[0]}decoder`);
  await page.waitForFunction(() => 'decodeFile' in globalThis);
}, 60_000);

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

type Outcome = (RgbImage & { readonly notes: readonly string[] }) | { readonly error: ErrorReport };

/** Decodes bytes in a worker of the browser. */
async function decodeInBrowser(
  bytes: Uint8Array,
  name: string,
  type = '',
  alpha?: AlphaRule,
): Promise<Outcome> {
  const sent = Buffer.from(bytes).toString('base64');
  const outcome = await page.evaluate(
    ([base64, fileName, fileType]) => {
      const content = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
      return decodeFile(new File([content], fileName, { type: fileType }));
    },
    [sent, name, alpha ? `x/${alpha}` : type] as const,
  );
  return 'error' in outcome
    ? outcome
    : { ...outcome, data: Uint8Array.from(Buffer.from(outcome.data, 'base64')) };
}

async function pixelsInBrowser(bytes: Uint8Array, name: string, type?: string): Promise<RgbImage> {
  const outcome = await decodeInBrowser(bytes, name, type);
  if ('error' in outcome) expect.fail(outcome.error.message);
  const { width, height, data } = outcome;
  return { width, height, data };
}

function pictureOf(width: number, height: number, value: (i: number) => number): RgbImage {
  const data = new Uint8Array(3 * width * height);
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return { width, height, data };
}

function encoder({ width, height, data }: RgbImage) {
  return sharp(data, { raw: { width, height, channels: 3 } });
}

function largestDifference(a: RgbImage, b: RgbImage): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return a.data.reduce((worst, value, i) => Math.max(worst, Math.abs(value - b.data[i])), 0);
}

describe('decodeImage in the browser', () => {
  it('decodes a PNG without changing its pixels, whatever type the file claims', async () => {
    const png = await encodePng(noise);
    expect(await pixelsInBrowser(png, 'noise.png', 'image/png')).toEqual(noise);
    expect(await pixelsInBrowser(png, 'noise.txt', 'text/plain')).toEqual(noise);
  });

  it('decodes a picture in two strips', async () => {
    const large = pictureOf(2060, 2060, (i) => (i >> 9) & 255);
    const png = await encoder(large).png({ compressionLevel: 1 }).toBuffer();
    const image = await pixelsInBrowser(png, 'large.png');
    expect(Buffer.compare(image.data, large.data)).toBe(0);
  }, 30_000);

  it.each([1, 2, 3, 4, 5, 6, 7, 8])('applies EXIF orientation %i as under Node', async (orientation) => {
    const jpeg = await encoder(smooth)
      .withMetadata({ orientation })
      .jpeg({ quality: 95, chromaSubsampling: '4:4:4' })
      .toBuffer();
    const expected = await decodeImage(jpeg, 'photo.jpg');
    expect(expected.width).toBe(orientation < 5 ? WIDTH : HEIGHT);
    expect(largestDifference(await pixelsInBrowser(jpeg, 'photo.jpg'), expected)).toBeLessThanOrEqual(2);
  });

  it('ignores an invalid orientation, as under Node', async () => {
    for (const file of ['exif-6.jpg', 'exif-8.png', 'exif-6.webp']) {
      const bytes = pictureFile(file);
      // The tag claims two values instead of one.
      const entry = bytes.indexOf(Buffer.of(0x12, 1, 3, 0));
      bytes[entry + 4] = 2;
      const image = await decodeImage(bytes, file);
      const { width, height } = expectedPicture('drawing');
      expect([image.width, image.height], file).toEqual([height, width]);
      expect(largestDifference(await pixelsInBrowser(bytes, file), image), file).toBeLessThanOrEqual(3);
    }
  });

  it('agrees with Node on other formats within one level', async () => {
    const alpha = Buffer.from(Array.from({ length: WIDTH * HEIGHT }, (_, i) => (i * 7) & 255));
    const clear = () =>
      sharp(smooth.data, { raw: { width: WIDTH, height: HEIGHT, channels: 3 } }).joinChannel(alpha, {
        raw: { width: WIDTH, height: HEIGHT, channels: 1 },
      });
    const files: Record<string, Uint8Array> = {
      'alpha.png': await clear().png().toBuffer(),
      'alpha.webp': await clear().webp({ lossless: true }).toBuffer(),
      'palette.png': await encoder(smooth).png({ palette: true }).toBuffer(),
      'grey.png': await encoder(smooth).toColourspace('b-w').png().toBuffer(),
      'deep.png': await encoder(smooth).toColourspace('rgb16').png().toBuffer(),
      'wide-gamut.png': await encoder(smooth).withIccProfile('p3').png().toBuffer(),
      'lossless.webp': await encoder(noise).webp({ lossless: true }).toBuffer(),
      'lossless.avif': await encoder(smooth).avif({ lossless: true, effort: 0 }).toBuffer(),
      'still.gif': await encoder(smooth).gif().toBuffer(),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const difference = largestDifference(
        await pixelsInBrowser(bytes, name),
        await decodeImage(bytes, name),
      );
      expect(difference, name).toBeLessThanOrEqual(1);
    }
  });

  it('decodes the first frame of an animation and notes it', async () => {
    const frames = [await encoder(noise).png().toBuffer(), await encoder(smooth).png().toBuffer()];
    const webp = await sharp(frames, { join: { animated: true } })
      .webp({ lossless: true })
      .toBuffer();
    expect(await decodeInBrowser(webp, 'dance.webp')).toEqual({
      ...noise,
      notes: ['dance.webp is an animation; the first of its 2 frames is used.'],
    });
  });

  it('refuses with the same messages as Node', async () => {
    const png = await encodePng(noise);
    const damaged = Uint8Array.from(png);
    damaged.fill(0x5a, 60, png.length - 20);
    const svg = new TextEncoder().encode('<svg xmlns="http://www.w3.org/2000/svg" width="64" height="64"/>');
    const files: Record<string, Uint8Array> = {
      'empty.png': new Uint8Array(0),
      'cut.png': png.subarray(0, png.length / 2),
      'damaged.png': damaged,
      'drawing.svg': svg,
      'page.png': new TextEncoder().encode('<!doctype html><html></html>'),
      'small.png': await encodePng(pictureOf(12, 40, () => 0)),
    };
    for (const [name, bytes] of Object.entries(files)) {
      const refusal = await decodeImage(bytes, name).then(
        () => expect.fail(`${name} was decoded`),
        (error) => error.toReport(),
      );
      expect(refusal.message).toContain(name);
      expect(await decodeInBrowser(bytes, name)).toEqual({ error: refusal });
    }
  });

  it.each(fixturePictures)('decodes $file as Node does', async ({ file, expected, within, mean }) => {
    const bytes = pictureFile(file);
    const notes: string[] = [];
    const here = await decodeImage(bytes, file, { notes });
    const there = await decodeInBrowser(bytes, file);
    if ('error' in there) expect.fail(there.error.message);
    expect(there.notes).toEqual(notes);
    // Decoders of lossy formats differ by a level or two.
    expect(differenceOf(here, there).largest).toBeLessThanOrEqual(mean === undefined ? 1 : 3);
    expect(differenceOf(there, expectedPicture(expected)).largest).toBeLessThanOrEqual(Math.max(1, within));
  });

  it.each(fixturePictures.filter(({ dropped }) => dropped !== undefined))(
    'ignores the alpha of $file with alpha: dropped',
    async ({ file, dropped = '', within }) => {
      const image = await decodeInBrowser(pictureFile(file), file, '', 'dropped');
      if ('error' in image) expect.fail(image.error.message);
      expect(differenceOf(image, expectedPicture(dropped)).largest).toBeLessThanOrEqual(within);
    },
  );

  it.each(refusedPictures)('refuses $file with the same message as Node', async ({ file }) => {
    const bytes = pictureFile(file);
    const refusal = await decodeImage(bytes, file).then(
      () => expect.fail(`${file} was decoded`),
      (error) => error.toReport(),
    );
    expect(await decodeInBrowser(bytes, file)).toEqual({ error: refusal });
  });

  it('names the format of a file that neither can decode', async () => {
    const tiff = await encoder(smooth).tiff({ compression: 'lzw' }).toBuffer();
    const heic = Buffer.from('\0\0\0\x18ftypheic\0\0\0\0mif1heic');
    for (const [bytes, words] of [
      [tiff, 'scan is a TIFF picture, which cannot be read here; PNG, JPEG, WebP, GIF, AVIF and BMP can.'],
      [heic, 'scan is a HEIC photo, which cannot be read here; PNG, JPEG, WebP, GIF, AVIF and BMP can.'],
    ] as const) {
      await expect(decodeImage(bytes, 'scan')).rejects.toThrow(words);
      expect(await decodeInBrowser(bytes, 'scan')).toMatchObject({ error: { message: words } });
    }
  });

  it('reports a file that was deleted after it was chosen', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'decode-'));
    const path = join(folder, 'gone.png');
    await writeFile(path, await encodePng(noise));
    await page.locator('input').setInputFiles(path);
    await rm(folder, { recursive: true });
    const outcome = await page.locator('input').evaluate((input: HTMLInputElement) => {
      const [file] = input.files ?? [];
      return decodeFile(file);
    });
    expect(outcome).toEqual({
      error: {
        code: 'unreachable',
        permanent: false,
        message:
          'gone.png could not be read: the file was moved or changed after it was chosen, or the browser is not allowed to open it.',
        action: 'Choose the file again.',
      },
    });
  });
});
