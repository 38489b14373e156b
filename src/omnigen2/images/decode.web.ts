/** Decodes picture files in a worker of a browser. */

import { OmniError } from '../../errors.ts';
import { checkPictureFile, pictureBytes, undecodable } from './check.ts';
import type { RgbImage } from './image.ts';
import { flattenRgba } from './prepare.ts';
import type { ReferenceLimits } from './sizes.ts';

/** Pixels drawn at a time: some browsers have no canvas of more than 16 megapixels, and a phone's photo has more. */
const STRIP_PIXELS = 2 ** 22;

/**
 * A picture file as 8-bit sRGB: turned as its EXIF orientation says, over white, the first frame of an animation;
 * 16 bits, grey, palettes, CMYK and colour profiles are converted. Opaque PNG pixels come out as they are stored.
 * @param name how messages name it
 * @param notes receives what the person should be told
 * @throws OmniError `bad_image`; `unreachable` if the file is no longer there
 */
export async function decodeImage(
  file: Blob,
  name: string,
  { limits, notes }: { readonly limits?: ReferenceLimits; readonly notes?: string[] } = {},
): Promise<RgbImage> {
  const bytes = await pictureBytes(file, name);
  const checked = checkPictureFile(bytes, name, limits);
  // Without the type that the file claims: it may be wrong, and the bytes have been looked at.
  const bitmap = await createImageBitmap(new Blob([bytes]), {
    imageOrientation: 'from-image',
    colorSpaceConversion: 'default',
  }).catch((cause: unknown) => {
    throw undecodable(checked.kind, name, cause);
  });
  try {
    const image = pixelsOverWhite(bitmap, name);
    notes?.push(...checked.notes);
    return image;
  } finally {
    bitmap.close();
  }
}

function pixelsOverWhite(bitmap: ImageBitmap, name: string): RgbImage {
  const { width, height } = bitmap;
  const rows = Math.min(height, Math.max(1, Math.floor(STRIP_PIXELS / width)));
  const canvas = new OffscreenCanvas(width, rows);
  const context = canvas.getContext('2d', { alpha: false, willReadFrequently: true, colorSpace: 'srgb' });
  if (!context) {
    throw new OmniError({
      code: 'device',
      message: `${name} cannot be read: the browser gives its worker no canvas.`,
      action: 'Close other tabs and try again, or use a current Chrome, Edge, Safari or Firefox.',
    });
  }
  context.fillStyle = '#fff';
  const data = new Uint8Array(3 * width * height);
  for (let top = 0; top < height; top += rows) {
    const count = Math.min(rows, height - top);
    context.fillRect(0, 0, width, rows);
    context.drawImage(bitmap, 0, -top);
    const strip = flattenRgba(width, count, context.getImageData(0, 0, width, count).data);
    data.set(strip.data, 3 * width * top);
  }
  return { width, height, data };
}
