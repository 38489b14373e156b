/** Encodes pictures in a browser, on a page or in a worker. */

import { OmniError } from '../errors.ts';

/**
 * Encodes a picture as PNG, without loss where alpha is 255.
 *
 * @example
 * const blob = await encodePng({ width, height, data: rgbaOf(image) });
 * link.href = URL.createObjectURL(blob);
 *
 * @param data row-major RGBA, `4 * width * height` bytes
 * @throws OmniError `device` if the browser cannot create a canvas of that size
 */
export async function encodePng({
  width,
  height,
  data,
}: {
  readonly width: number;
  readonly height: number;
  readonly data: Uint8ClampedArray<ArrayBuffer>;
}): Promise<Blob> {
  const canvas = new OffscreenCanvas(width, height);
  const context = canvas.getContext('2d');
  if (!context) {
    throw new OmniError({
      code: 'device',
      message: `The browser cannot create a canvas of ${width} × ${height} pixels to write a PNG.`,
      action: 'Close other tabs and try again, or use a current Chrome, Edge, Safari or Firefox.',
    });
  }
  context.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
