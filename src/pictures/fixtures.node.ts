/** Reads the pictures of fixtures/pictures for tests. `make.py` there makes them. */

import { readFileSync } from 'node:fs';
import { decode } from 'fast-png';
import { z } from 'zod';
import type { RgbImage } from './image.ts';

const FOLDER = new URL('../../fixtures/pictures/', import.meta.url);

const index = z
  .object({
    pictures: z.array(
      z.object({
        file: z.string(),
        /** Name of the picture it must decode to, in `expected/`. */
        expected: z.string(),
        /** Largest allowed difference of a value, and the mean one if it is limited too, in 8-bit levels. */
        within: z.number(),
        mean: z.number().optional(),
        frames: z.number().optional(),
        /** Name of the picture it must decode to with `alpha: 'dropped'`. */
        dropped: z.string().optional(),
      }),
    ),
    refused: z.array(z.object({ file: z.string(), says: z.string() })),
  })
  .parse(JSON.parse(readFileSync(new URL('index.json', FOLDER), 'utf8')));

export const fixturePictures = index.pictures;
export type FixturePicture = (typeof fixturePictures)[number];
export const refusedPictures = index.refused;

export function pictureFile(name: string): Buffer {
  return readFileSync(new URL(name, FOLDER));
}

/** Reads a picture of `expected/`. */
export function expectedPicture(name: string): RgbImage {
  const { width, height, channels, data } = decode(readFileSync(new URL(`expected/${name}.png`, FOLDER)));
  if (channels !== 3) throw new Error(`${name} has ${channels} channels`);
  return { width, height, data: Uint8Array.from(data) };
}

export interface Difference {
  readonly largest: number;
  readonly mean: number;
}

/** The difference between two pictures, in 8-bit levels; infinite if their sizes differ. */
export function differenceOf(a: RgbImage, b: RgbImage): Difference {
  if (a.width !== b.width || a.height !== b.height) return { largest: Infinity, mean: Infinity };
  let largest = 0;
  let sum = 0;
  a.data.forEach((value, i) => {
    const apart = Math.abs(value - b.data[i]);
    largest = Math.max(largest, apart);
    sum += apart;
  });
  return { largest, mean: sum / a.data.length };
}
