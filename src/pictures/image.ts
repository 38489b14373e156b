/** A picture in main memory. */

/** The size of a picture, in pixels. */
export interface Size {
  readonly width: number;
  readonly height: number;
}

/** An 8-bit sRGB picture. `data` is row-major RGB, `3 * width * height` bytes. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * How alpha is removed: `over-white` composites the picture over white; `dropped` takes the stored colours.
 * Source of `dropped`: inference.py, Image.convert("RGB")
 */
export type AlphaRule = 'over-white' | 'dropped';

/** Converts a picture to row-major RGBA with alpha 255. */
export function rgbaOf({ width, height, data }: RgbImage): Uint8ClampedArray<ArrayBuffer> {
  const rgba = new Uint8ClampedArray(width * height * 4);
  for (let from = 0, to = 0; from < data.length; from += 3, to += 4) {
    rgba[to] = data[from];
    rgba[to + 1] = data[from + 1];
    rgba[to + 2] = data[from + 2];
    rgba[to + 3] = 255;
  }
  return rgba;
}

/** Converts row-major 8-bit RGBA to RGB. Composites over white unless the rule is `dropped`. */
export function flattenRgba(
  width: number,
  height: number,
  rgba: ArrayLike<number>,
  rule: AlphaRule = 'over-white',
): RgbImage {
  const area = width * height;
  const data = new Uint8Array(3 * area);
  const dropped = rule === 'dropped';
  for (let i = 0; i < area; i++) {
    const alpha = rgba[4 * i + 3];
    for (let channel = 0; channel < 3; channel++) {
      const value = rgba[4 * i + channel];
      data[3 * i + channel] =
        dropped || alpha === 255 ? value : Math.round((value * alpha + 255 * (255 - alpha)) / 255);
    }
  }
  return { width, height, data };
}
