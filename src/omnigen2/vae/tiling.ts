/**
 * Overlapping tiles whose seams are blended linearly.
 * Source: diffusers `models/autoencoders/autoencoder_kl.py`, AutoencoderKL.tiled_decode, _tiled_encode, blend_v, blend_h
 */

import { below, type Planes } from './planes.ts';

/** Sides in pixels of the input (what is cut into tiles) or of the output (what the tiles become). */
export interface Tiling {
  /** Side of an input tile; those at the far edges may be smaller, down to a sliver. */
  readonly inputSide: number;
  /** From one tile's start to the next. */
  readonly inputStride: number;
  /** How far a tile's result is blended with the one above and the one to the left. */
  readonly outputBlend: number;
  /** How much of each tile's result is kept, from its start. */
  readonly outputKeep: number;
}

/** Part of a tile's side that overlaps with the next tile. */
const OVERLAP = 0.25;

export function planTiles(inputSide: number, outputSide: number): Tiling {
  const outputBlend = Math.trunc(outputSide * OVERLAP);
  return {
    inputSide,
    inputStride: Math.trunc(inputSide * (1 - OVERLAP)),
    outputBlend,
    outputKeep: outputSide - outputBlend,
  };
}

/** Runs every tile of `input` through `run`, row by row, and joins the results. */
export async function runTiled(
  input: Planes,
  { inputSide, inputStride, outputBlend, outputKeep }: Tiling,
  run: (tile: Planes) => Promise<Planes>,
): Promise<Planes> {
  const bands: Planes[] = [];
  let above: Planes[] = [];
  for (let top = 0; top < input.height; top += inputStride) {
    const row: Planes[] = [];
    for (let left = 0; left < input.width; left += inputStride) {
      const tile = await run(cut(input, top, left, inputSide));
      const over = above[row.length];
      if (over) blendDown(over, tile, outputBlend);
      const before = row.at(-1);
      if (before) blendAcross(before, tile, outputBlend);
      row.push(tile);
    }
    bands.push(beside(row.map((tile) => cut(tile, 0, 0, outputKeep))));
    above = row;
  }
  return below(bands);
}

/** The part of `planes` of at most `side x side` that begins at `top`, `left`. */
function cut({ channels, height, width, data }: Planes, top: number, left: number, side: number): Planes {
  const size = { height: Math.min(side, height - top), width: Math.min(side, width - left) };
  const out = new Float32Array(channels * size.height * size.width);
  let to = 0;
  for (let channel = 0; channel < channels; channel++) {
    for (let y = top; y < top + size.height; y++) {
      const from = (channel * height + y) * width + left;
      out.set(data.subarray(from, from + size.width), to);
      to += size.width;
    }
  }
  return { channels, ...size, data: out };
}

/** Fades the first rows of `tile` in from the last rows of the tile above it, in place. */
function blendDown(above: Planes, tile: Planes, blend: number): void {
  const extent = Math.min(above.height, tile.height, blend);
  for (let channel = 0; channel < tile.channels; channel++) {
    for (let y = 0; y < extent; y++) {
      const from = (channel * above.height + above.height - extent + y) * above.width;
      const to = (channel * tile.height + y) * tile.width;
      for (let x = 0; x < tile.width; x++) {
        tile.data[to + x] = mix(above.data[from + x], tile.data[to + x], y / extent);
      }
    }
  }
}

/** Fades the first columns of `tile` in from the last columns of the tile to its left, in place. */
function blendAcross(before: Planes, tile: Planes, blend: number): void {
  const extent = Math.min(before.width, tile.width, blend);
  for (let line = 0; line < tile.channels * tile.height; line++) {
    const from = (line + 1) * before.width - extent;
    const to = line * tile.width;
    for (let x = 0; x < extent; x++) {
      tile.data[to + x] = mix(before.data[from + x], tile.data[to + x], x / extent);
    }
  }
}

function mix(from: number, to: number, share: number): number {
  return from * (1 - share) + to * share;
}

/** Joins planes of equal height from left to right. */
function beside(parts: readonly Planes[]): Planes {
  const { channels, height } = parts[0];
  const width = parts.reduce((sum, part) => sum + part.width, 0);
  const data = new Float32Array(channels * height * width);
  let left = 0;
  for (const part of parts) {
    for (let line = 0; line < channels * height; line++) {
      data.set(part.data.subarray(line * part.width, (line + 1) * part.width), line * width + left);
    }
    left += part.width;
  }
  return { channels, height, width, data };
}
