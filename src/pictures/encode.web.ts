/** Writes picture files in a browser, on a page or in a worker. */

import { OmniError } from '../errors.ts';

/**
 * A picture as a PNG file, pixel by pixel.
 * @param data row-major RGBA, `4 * width * height` bytes
 * @throws OmniError `device` if the browser gives no canvas of that size
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
      message: `The browser gives no canvas of ${width} x ${height} pixels to write a PNG with.`,
      action: 'Close other tabs and try again, or use a current Chrome, Edge, Safari or Firefox.',
    });
  }
  context.putImageData(new ImageData(data, width, height), 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
