/** A picture in main memory. */

/** An 8-bit sRGB picture: `data` is row-major RGB, `3 * width * height` bytes. */
export interface RgbImage {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8Array;
}
