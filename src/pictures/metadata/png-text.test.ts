import { deflateSync } from 'node:zlib';
import CRC32 from 'crc-32';
import sharp from 'sharp';
import { expect, it } from 'vitest';
import { MAX_TEXT_BYTES, readPngText, withPngText } from './png-text.ts';

const png = new Uint8Array(
  await sharp({ create: { width: 5, height: 3, channels: 3, background: '#c04020' } })
    .png()
    .toBuffer(),
);
const read = (bytes: Uint8Array) => readPngText(bytes, 'words', 'cat.png');

/** The PNG with a chunk in front of its pixels. */
function withChunk(type: string, content: Uint8Array, claimedLength = content.length): Uint8Array {
  const named = Buffer.concat([Buffer.from(type, 'latin1'), content]);
  const chunk = Buffer.alloc(content.length + 12);
  chunk.writeUInt32BE(claimedLength);
  named.copy(chunk, 4);
  chunk.writeInt32BE(CRC32.buf(named), content.length + 8);
  const header = 8 + 25;
  return new Uint8Array(Buffer.concat([png.subarray(0, header), chunk, png.subarray(header)]));
}

it.each(['a red house', `Änderung 🏠 ${'long '.repeat(5000)}`])('writes and reads a text', async (text) => {
  const marked = await withPngText(png, 'words', text);
  expect(await read(marked)).toBe(text);
  // Other decoders read the same pixels.
  const pixels = async (bytes: Uint8Array) => sharp(bytes).raw().toBuffer();
  expect(await pixels(marked)).toEqual(await pixels(png));
  // A second text replaces the first.
  const again = await withPngText(marked, 'words', 'two');
  expect(await read(again)).toBe('two');
  expect(again.length).toBe((await withPngText(png, 'words', 'two')).length);
});

it('finds no text where there is none', async () => {
  expect(await read(png)).toBeUndefined();
  expect(await read(new Uint8Array([1, 2, 3]))).toBeUndefined();
  expect(await readPngText(await withPngText(png, 'word', 'x'), 'words', 'cat.png')).toBeUndefined();
});

it('refuses hostile texts in a sentence, with bounded memory', async () => {
  const keyword = Buffer.from('words\0', 'latin1');
  const bomb = deflateSync(Buffer.alloc(200e6));
  const cases: readonly [Uint8Array, RegExp][] = [
    [
      withChunk('iTXt', Buffer.concat([keyword, Buffer.from([0, 0, 0, 0])]), 0x7fffffff),
      /ends before it does/,
    ],
    [withChunk('iTXt', Buffer.concat([keyword, Buffer.from([1, 0, 0, 0]), bomb])), /longer than 4 MB/],
    [withChunk('zTXt', Buffer.concat([keyword, Buffer.from([0]), bomb])), /longer than 4 MB/],
    [withChunk('iTXt', Buffer.concat([keyword, Buffer.from([1, 0, 0, 0, 9, 9])])), /cannot be decompressed/],
    [withChunk('iTXt', Buffer.concat([keyword, Buffer.from([0, 0])])), /its header has no end/],
    [withChunk('iTXt', Buffer.concat([keyword, Buffer.from([0, 0, 0, 0, 0xff])])), /it is not UTF-8/],
  ];
  for (const [bytes, words] of cases) await expect(read(bytes)).rejects.toThrow(words);
  const damaged = withChunk('tEXt', Buffer.concat([keyword, Buffer.from('abc')]));
  const at = Buffer.from(damaged).indexOf('abc');
  damaged[at] ^= 1;
  await expect(read(damaged)).rejects.toThrow(/its checksum is wrong/);
});

it('refuses to write a text that it would not read', async () => {
  await expect(withPngText(png, 'words', 'x'.repeat(MAX_TEXT_BYTES + 1))).rejects.toThrow(
    /the limit is 4 MB/,
  );
  await expect(withPngText(new Uint8Array(9), 'words', 'x')).rejects.toThrow(/PNG files only/);
});
