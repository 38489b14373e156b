import type { Page } from '@playwright/test';
import type { RgbImage } from '../src/pictures/image.ts';

/** The pixels of the page's canvas. */
export async function canvasPixels(page: Page): Promise<RgbImage> {
  const { width, height, rgba } = await page.locator('canvas').evaluate((element) => {
    const canvas = element as HTMLCanvasElement;
    const { width, height } = canvas;
    const data = canvas.getContext('2d')?.getImageData(0, 0, width, height).data ?? [];
    return { width, height, rgba: Array.from(data) };
  });
  return { width, height, data: Uint8Array.from(rgba.filter((_, i) => i % 4 !== 3)) };
}
