/**
 * Rotary positions of the joint sequence (context, references, noise) and their angles.
 * Source: OmniGen2 `models/transformers/repo.py`, OmniGen2RotaryPosEmbed
 */

import type { PatchGrid } from './patches.ts';

const THETA = 10000;

/** Cosines and sines of `rows` rows, each `[rows, headDim / 2]`. */
export interface RotaryTable {
  readonly rows: number;
  readonly cosines: Float32Array;
  readonly sines: Float32Array;
}

/**
 * Position ids `[L, 3]` (sequence, row, column). Text token `l` is `(l, l, l)`. All patches of a picture have
 * the same first id; after each picture the running id grows by its longer side.
 * @param pictures the references in order, then the noise latents
 */
export function jointPositions(textLength: number, pictures: readonly PatchGrid[]): Int32Array {
  const count = pictures.reduce((sum, { rows, columns }) => sum + rows * columns, textLength);
  const positions = new Int32Array(3 * count);
  positions.subarray(0, 3 * textLength).forEach((_, i, text) => {
    text[i] = Math.floor(i / 3);
  });
  let at = 3 * textLength;
  let id = textLength;
  for (const { rows, columns } of pictures) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        positions.set([id, row, column], at);
        at += 3;
      }
    }
    id += Math.max(rows, columns);
  }
  return positions;
}

/**
 * The angles of positions, computed in float64 and rounded once. Positions above the trained length have
 * angles too.
 * @param axesDims width of each axis in a head, one after another
 * @param headDim width of a head with padding, whose angles are 0. Default: no padding
 */
export function rotaryTable(
  positions: Int32Array,
  axesDims: readonly [number, number, number],
  headDim = axesDims.reduce((a, b) => a + b, 0),
): RotaryTable {
  const rows = positions.length / 3;
  const width = headDim / 2;
  const axes = axesDims.flatMap((dim, axis) =>
    Array.from({ length: dim / 2 }, (_, i) => ({ axis, frequency: THETA ** ((-2 * i) / dim) })),
  );
  const cosines = new Float32Array(rows * width).fill(1);
  const sines = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < axes.length; i++) {
      const { axis, frequency } = axes[i];
      const angle = positions[3 * row + axis] * frequency;
      cosines[row * width + i] = Math.cos(angle);
      sines[row * width + i] = Math.sin(angle);
    }
  }
  return { rows, cosines, sines };
}

/** A view of rows `from` to `to` (excluded) of a table. */
export function tableRows({ rows, cosines, sines }: RotaryTable, from: number, to: number): RotaryTable {
  const width = cosines.length / rows;
  return {
    rows: to - from,
    cosines: cosines.subarray(from * width, to * width),
    sines: sines.subarray(from * width, to * width),
  };
}

/**
 * A note for sequences at which the official code fails, because its tables end at the checkpoint's
 * `axes_lens`. The tables have no learned values, so longer ones are exact, but the model may not have
 * learned such positions.
 * @param textLength rows of the longest prompt
 * @param pictures the references in order, then the noise latents
 * @returns undefined if the official tables are long enough
 */
export function positionsNote(
  textLength: number,
  pictures: readonly PatchGrid[],
  axesLens: readonly [number, number, number],
): string | undefined {
  const positions = jointPositions(textLength, pictures);
  const beyond = positions.findIndex((position, i) => position >= axesLens[i % 3]);
  if (beyond < 0) return undefined;
  const length = axesLens[beyond % 3].toLocaleString('en');
  return `The prompt and the pictures reach beyond the ${length} positions of the official program. They are used whole, but the model may not have learned to follow them.`;
}
