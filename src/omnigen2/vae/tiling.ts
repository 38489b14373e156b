/**
 * Overlapping tiles with linear blending.
 * Source: diffusers `models/autoencoders/autoencoder_kl.py`, AutoencoderKL.tiled_decode, _tiled_encode,
 * blend_v, blend_h
 */

import { concatRows, type Planes } from './planes.ts';

/** Sides of tiles, in pixels of the input or of the output. */
export interface Tiling {
  /** Side of an input tile. Tiles at the right and bottom edges may be as small as one pixel. */
  readonly inputSide: number;
  /** Distance between the starts of adjacent tiles. */
  readonly inputStride: number;
  /** Width of the blend with the tiles above and to the left. */
  readonly outputBlend: number;
  /** Side of the part of each output tile that is used, from its start. */
  readonly outputStride: number;
}

/** The fraction of a tile's side that overlaps with the next tile. */
const OVERLAP = 0.25;

export function planTiles(inputSide: number, outputSide: number): Tiling {
  const outputBlend = Math.trunc(outputSide * OVERLAP);
  return {
    inputSide,
    inputStride: Math.trunc(inputSide * (1 - OVERLAP)),
    outputBlend,
    outputStride: outputSide - outputBlend,
  };
}

/** Calls `run` for every tile of `input`, row by row, and blends the results. */
export async function runTiled(
  input: Planes,
  { inputSide, inputStride, outputBlend, outputStride }: Tiling,
  run: (tile: Planes) => Promise<Planes>,
): Promise<Planes> {
  const rows: Planes[] = [];
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
    rows.push(concatColumns(row.map((tile) => cut(tile, 0, 0, outputStride))));
    above = row;
  }
  return concatRows(rows);
}

/** At most `side x side` of the planes, from `top`, `left`. */
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

/** Blends the last rows of the tile above into the first rows of `tile`, in place. */
function blendDown(above: Planes, tile: Planes, blend: number): void {
  const extent = Math.min(above.height, tile.height, blend);
  for (let channel = 0; channel < tile.channels; channel++) {
    for (let y = 0; y < extent; y++) {
      const from = (channel * above.height + above.height - extent + y) * above.width;
      const to = (channel * tile.height + y) * tile.width;
      for (let x = 0; x < tile.width; x++) {
        tile.data[to + x] = lerp(above.data[from + x], tile.data[to + x], y / extent);
      }
    }
  }
}

/** Blends the last columns of the tile to the left into the first columns of `tile`, in place. */
function blendAcross(before: Planes, tile: Planes, blend: number): void {
  const extent = Math.min(before.width, tile.width, blend);
  for (let line = 0; line < tile.channels * tile.height; line++) {
    const from = (line + 1) * before.width - extent;
    const to = line * tile.width;
    for (let x = 0; x < extent; x++) {
      tile.data[to + x] = lerp(before.data[from + x], tile.data[to + x], x / extent);
    }
  }
}

function lerp(from: number, to: number, weight: number): number {
  return from * (1 - weight) + to * weight;
}

/** Concatenates planes of equal height from left to right. */
function concatColumns(parts: readonly Planes[]): Planes {
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
