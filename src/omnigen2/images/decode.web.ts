/** Decodes picture files in a worker of a browser. */

import { OmniError } from '../../errors.ts';
import { checkPictureFile, unreadable } from './check.ts';
import type { RgbImage } from './image.ts';
import { flattenRgba } from './prepare.ts';
import type { ReferenceLimits } from './sizes.ts';

/**
 * A picture file as 8-bit sRGB: turned as its EXIF orientation says, over white, the first frame of an animation;
 * 16 bits, grey, palettes, CMYK and colour profiles are converted. Opaque PNG pixels come out as they are stored.
 * @param name how messages name it
 * @param notes receives what the person should be told
 * @throws OmniError `bad_image`
 */
export async function decodeImage(
  file: Blob,
  name: string,
  { limits, notes }: { readonly limits?: ReferenceLimits; readonly notes?: string[] } = {},
): Promise<RgbImage> {
  const checked = checkPictureFile(new Uint8Array(await file.arrayBuffer()), name, limits);
  notes?.push(...checked.notes);
  const bitmap = await createImageBitmap(file, {
    imageOrientation: 'from-image',
    colorSpaceConversion: 'default',
  }).catch((cause: unknown) => {
    throw unreadable(name, cause);
  });
  try {
    const { width, height } = bitmap;
    const canvas = new OffscreenCanvas(width, height);
    const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true, colorSpace: 'srgb' });
    if (!context) {
      throw new OmniError({
        code: 'device',
        message: `${name} cannot be read: the browser gives its worker no canvas.`,
        action: 'Close other tabs and try again, or use a current Chrome, Edge, Safari or Firefox.',
      });
    }
    context.fillStyle = '#fff';
    context.fillRect(0, 0, width, height);
    context.drawImage(bitmap, 0, 0);
    return flattenRgba(width, height, context.getImageData(0, 0, width, height).data);
  } finally {
    bitmap.close();
  }
}
