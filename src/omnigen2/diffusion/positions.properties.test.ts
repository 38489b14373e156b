/** Positions of both models, against rules that say where each token lies without counting up to it. */

import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ropePositions } from '../language/rope-positions.ts';
import { jointPositions } from './rope.ts';

fc.configureGlobal({ seed: 2506 });

const side = fc.integer({ min: 1, max: 9 });
const grids = fc.array(fc.record({ rows: side, columns: side }), { maxLength: 6 });

test('in the joint sequence a picture starts after the text and the longer sides of earlier pictures', () => {
  fc.assert(
    fc.property(fc.nat(30), grids, (text, pictures) => {
      const positions = jointPositions(text, pictures);
      const at = (token: number) => [...positions.subarray(3 * token, 3 * token + 3)];
      for (let token = 0; token < text; token++) expect(at(token)).toEqual([token, token, token]);
      let token = text;
      for (const [i, { rows, columns }] of pictures.entries()) {
        const before = pictures.slice(0, i).map((picture) => Math.max(picture.rows, picture.columns));
        const id = before.reduce((a, b) => a + b, text);
        for (let patch = 0; patch < rows * columns; patch++) {
          expect(at(token++)).toEqual([id, Math.floor(patch / columns), patch % columns]);
        }
      }
      expect(positions).toHaveLength(3 * token);
    }),
  );
});

const IMAGE = 7;
const MERGE = 2;
const config = { imageTokenId: IMAGE, vision: { spatialMergeSize: MERGE } } as Parameters<
  typeof ropePositions
>[2];

/** Words and pictures in any order: a number is a run of so many words. */
const prompt = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.record({ rows: side, columns: side })), {
  minLength: 1,
  maxLength: 8,
});

test('in a prompt each part starts one after the largest position so far', () => {
  fc.assert(
    fc.property(prompt, (parts) => {
      const pictures = parts.filter((part) => typeof part === 'object');
      const ids = parts.flatMap((part) =>
        Array<number>(typeof part === 'number' ? part : part.rows * part.columns).fill(
          typeof part === 'number' ? 1 : IMAGE,
        ),
      );
      const grid = pictures.map(({ rows, columns }) => ({ rows: rows * MERGE, columns: columns * MERGE }));
      const { ids: positions, delta } = ropePositions(ids, grid, config);
      const at = (token: number) => [0, 1, 2].map((axis) => positions[axis * ids.length + token]);
      let largest = -1;
      let token = 0;
      for (const part of parts) {
        const start = largest + 1;
        const count = typeof part === 'number' ? part : part.rows * part.columns;
        for (let i = 0; i < count; i++) {
          const [row, column] =
            typeof part === 'number' ? [i, i] : [Math.floor(i / part.columns), i % part.columns];
          const time = typeof part === 'number' ? i : 0;
          expect(at(token)).toEqual([start + time, start + row, start + column]);
          largest = Math.max(largest, ...at(token++));
        }
      }
      expect(ids.length + delta).toBe(largest + 1);
    }),
  );
});
