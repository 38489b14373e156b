import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { jpegDamage } from './jpeg-damage.ts';

const SIDE = 96;
const noise = Uint8Array.from(
  { length: 3 * SIDE * SIDE },
  (_, i) => 128 + 80 * Math.sin(i / 900) + ((Math.imul(i, 2654435761) >>> 26) & 31),
);

function picture() {
  return sharp(noise, { raw: { width: SIDE, height: SIDE, channels: 3 } });
}

function scanStart(file: Uint8Array): number {
  return Buffer.from(file).indexOf(Buffer.of(0xff, 0xda)) + 14;
}

/** Adds a restart interval that the scan does not follow. */
function withRestarts(file: Uint8Array, interval: number): Buffer {
  return Buffer.concat([file.subarray(0, 2), Buffer.of(0xff, 0xdd, 0, 4, 0, interval), file.subarray(2)]);
}

describe('jpegDamage', () => {
  it.each([
    { chromaSubsampling: '4:2:0' },
    { chromaSubsampling: '4:4:4', quality: 100 },
    { quality: 1 },
    { progressive: true },
    { progressive: true, chromaSubsampling: '4:4:4', quality: 95 },
    { mozjpeg: true },
  ])('finds no damage in an intact file: %o', async (options) => {
    expect(jpegDamage(await picture().jpeg(options).toBuffer())).toBe('none');
    expect(jpegDamage(await picture().resize(33, 17, { fit: 'fill' }).jpeg(options).toBuffer())).toBe('none');
    expect(jpegDamage(await picture().toColourspace('b-w').jpeg(options).toBuffer())).toBe('none');
    expect(jpegDamage(await picture().toColourspace('cmyk').jpeg(options).toBuffer())).toBe('none');
  });

  it('finds data that ends too early, wherever it is cut', async () => {
    const file = await picture().jpeg().toBuffer();
    const start = scanStart(file);
    for (const part of [0, 0.1, 0.5, 0.9, 0.99]) {
      const cut = file.subarray(0, Math.floor(start + part * (file.length - start - 2)));
      expect(jpegDamage(Buffer.concat([cut, Buffer.of(0xff, 0xd9)])), `${part}`).toBe('cut');
    }
  });

  it('finds a missing piece of the first scan of a progressive file', async () => {
    const file = await picture().jpeg({ progressive: true }).toBuffer();
    const start = scanStart(file);
    const torn = Buffer.concat([file.subarray(0, start + 40), file.subarray(start + 80)]);
    expect(jpegDamage(torn)).not.toBe('none');
  });

  it('finds noise in the data, a size that is too large, and missing restarts', async () => {
    const file = await picture().jpeg({ quality: 95 }).toBuffer();
    const torn = Buffer.from(file);
    for (let i = 0; i < 60; i++) torn[(file.length >> 1) + i] = (i * 89 + 41) % 251;
    expect(jpegDamage(torn)).toBe('broken');
    const claimed = Buffer.from(file);
    claimed.writeUInt16BE(9000, claimed.indexOf(Buffer.of(0xff, 0xc0)) + 5);
    expect(jpegDamage(claimed)).toBe('cut');
    expect(jpegDamage(withRestarts(file, 2))).toBe('broken');
  });

  it('accepts padding, and bytes after the picture', async () => {
    const file = await picture().jpeg().toBuffer();
    const end = file.length - 2;
    const padded = [file.subarray(0, end), Buffer.alloc(500), file.subarray(end), Buffer.from('more')];
    expect(jpegDamage(Buffer.concat(padded))).toBe('none');
  });
});
