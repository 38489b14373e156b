/** A picture in main memory. */

/** An 8-bit sRGB picture: `data` is row-major RGB, `3 * width * height` bytes. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}

/**
 * What becomes of transparency: laid over white, or left out so that a pixel has the colour it is stored with.
 * Source of the latter: inference.py, Image.convert("RGB")
 */
export type AlphaRule = 'over-white' | 'dropped';
