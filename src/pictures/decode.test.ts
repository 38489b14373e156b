import fc from 'fast-check';
import { expect, it } from 'vitest';
import { OmniError } from '../errors.ts';
import { decodeImage } from './decode.node.ts';
import { fixturePictures, pictureFile, refusedPictures } from './fixtures.node.ts';

const files = [...fixturePictures, ...refusedPictures].map(({ file }) => pictureFile(file));

it('decodes a corrupted file or refuses it in one sentence', async () => {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    byte: fc.nat(255),
    head: fc.boolean(),
  });
  const corrupted = fc.record({
    file: fc.constantFrom(...files),
    edits: fc.array(edit, { maxLength: 6 }),
    keep: fc.oneof(fc.constant(1), fc.double({ min: 0, max: 1, noNaN: true })),
  });
  await fc.assert(
    fc.asyncProperty(corrupted, async ({ file, edits, keep }) => {
      const bytes = Buffer.from(file);
      for (const { at, byte, head } of edits) {
        const reach = head ? Math.min(200, bytes.length) : bytes.length;
        bytes[Math.floor(at * (reach - 1))] = byte;
      }
      try {
        const { width, height, data } = await decodeImage(bytes.subarray(0, keep * bytes.length), 'it');
        expect(data.length).toBe(3 * width * height);
      } catch (error) {
        if (!(error instanceof OmniError)) throw error;
        expect(error).toMatchObject({ code: 'bad_image', message: expect.stringMatching(/^it .*\.$/s) });
      }
    }),
    { seed: 5, numRuns: 600 },
  );
}, 60_000);
