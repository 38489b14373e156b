/** Planes of numbers: slices of rows and their concatenation. */

/** Planes `[channels, height, width]`, row-major. */
export interface Planes {
  readonly channels: number;
  readonly height: number;
  readonly width: number;
  readonly data: Float32Array;
}

/** Rows `top` to `bottom` (exclusive) of every plane. Rows outside of the planes are zero. */
export function sliceRows({ channels, height, width, data }: Planes, top: number, bottom: number): Planes {
  const out = new Float32Array(channels * (bottom - top) * width);
  const [from, to] = [Math.max(top, 0), Math.min(bottom, height)];
  for (let channel = 0; channel < channels; channel++) {
    const rows = data.subarray((channel * height + from) * width, (channel * height + to) * width);
    out.set(rows, (channel * (bottom - top) + from - top) * width);
  }
  return { channels, height: bottom - top, width, data: out };
}

/** Concatenates planes of equal width from top to bottom. */
export function concatRows(parts: readonly Planes[]): Planes {
  const { channels, width } = parts[0];
  const height = parts.reduce((sum, part) => sum + part.height, 0);
  const data = new Float32Array(channels * height * width);
  let top = 0;
  for (const part of parts) {
    const size = part.height * width;
    for (let channel = 0; channel < channels; channel++) {
      data.set(part.data.subarray(channel * size, (channel + 1) * size), (channel * height + top) * width);
    }
    top += part.height;
  }
  return { channels, height, width, data };
}
