import type { Locator, Page } from '@playwright/test';
import type { RgbImage } from '../src/pictures/image.ts';

/** The pixels of the page's canvas. */
export async function canvasPixels(page: Page): Promise<RgbImage> {
  return pixelsOf(page.locator('canvas'));
}

/** The pixels of a canvas or an image element, at its own size. */
export async function pixelsOf(picture: Locator): Promise<RgbImage> {
  const { width, height, encoded } = await picture.evaluate(async (element) => {
    if (!(element instanceof HTMLCanvasElement || element instanceof HTMLImageElement)) {
      throw new Error('The element is neither a canvas nor an image.');
    }
    if (element instanceof HTMLImageElement) await element.decode();
    const width = element instanceof HTMLImageElement ? element.naturalWidth : element.width;
    const height = element instanceof HTMLImageElement ? element.naturalHeight : element.height;
    const context = new OffscreenCanvas(width, height).getContext('2d');
    if (!context) throw new Error('The browser has no 2D canvas.');
    context.drawImage(element, 0, 0);
    const bytes = new Blob([context.getImageData(0, 0, width, height).data]);
    // A string crosses to the test much faster than an array of numbers.
    const encoded = await new Promise<string>((resolve) => {
      const reader = new FileReader();
      reader.onload = () => resolve(String(reader.result).replace(/^.*,/, ''));
      reader.readAsDataURL(bytes);
    });
    return { width, height, encoded };
  });
  const rgba = Buffer.from(encoded, 'base64');
  return { width, height, data: new Uint8Array(rgba.filter((_, i) => i % 4 < 3)) };
}
