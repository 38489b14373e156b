/** Decodes picture files under Node. */

import sharp from 'sharp';
import { checkPictureFile, MAX_PICTURE_PIXELS, truncated, undecodable } from './check.ts';
import type { RgbImage } from './image.ts';
import { flattenRgba } from './prepare.ts';
import type { ReferenceLimits } from './sizes.ts';

/**
 * A picture file as 8-bit sRGB: turned as its EXIF orientation says, over white, the first frame of an animation;
 * 16 bits, grey, palettes, CMYK and colour profiles are converted.
 * @param name how messages name it
 * @param notes receives what the person should be told
 * @throws OmniError `bad_image`
 */
export async function decodeImage(
  bytes: Uint8Array,
  name: string,
  { limits, notes }: { readonly limits?: ReferenceLimits; readonly notes?: string[] } = {},
): Promise<RgbImage> {
  const checked = checkPictureFile(bytes, name, limits);
  notes?.push(...checked.notes);
  try {
    const { data, info } = await sharp(bytes, {
      pages: 1,
      failOn: 'truncated',
      limitInputPixels: MAX_PICTURE_PIXELS,
    })
      .autoOrient()
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return flattenRgba(info.width, info.height, data);
  } catch (cause) {
    const cut = cause instanceof Error && /premature|truncat|end of|incomplete/i.test(cause.message);
    throw cut ? truncated(name, cause) : undecodable(checked.kind, name, cause);
  }
}
