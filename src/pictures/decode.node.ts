/** Decodes picture files under Node. */

import sharp, { type Sharp } from 'sharp';
import { latin1 } from './bytes.ts';
import { MAX_PICTURE_PIXELS, truncatedPicture, undecodablePicture } from './check.ts';
import { type DecodeOptions, decodePicture } from './decode.ts';
import { type AlphaRule, flattenRgba, type RgbImage } from './image.ts';
import type { PictureKind } from './sniff/header.ts';

/**
 * Decodes a picture file to 8-bit sRGB: see {@link decodePicture}. CMYK is converted by its profile with
 * perceptual intent; without a profile, RGB is `(255 - CMY) * (255 - K) / 255`, as in browsers and the
 * official code.
 *
 * @example
 * const notes: string[] = [];
 * const image = await decodeImage(await readFile('cat.jpg'), 'cat.jpg', { notes });
 *
 * @param name how messages name the picture, such as the file's name
 * @throws OmniError `bad_image`
 */
export function decodeImage(bytes: Uint8Array, name: string, options: DecodeOptions = {}): Promise<RgbImage> {
  return decodePicture(bytes, name, decode, options);
}

async function decode(
  bytes: Uint8Array,
  kind: PictureKind,
  name: string,
  alpha: AlphaRule,
): Promise<RgbImage> {
  const open = () => sharp(bytes, { pages: 1, failOn: 'truncated', limitInputPixels: MAX_PICTURE_PIXELS });
  try {
    const { space, icc } = await open().metadata();
    // A profile for another colour space than the picture's is ignored.
    const hasCmykProfile = icc && latin1(icc, 16, 4) === 'CMYK';
    if (space === 'cmyk' && !hasCmykProfile) return await multiplyCmyk(open());
    // libvips does not apply profiles to 16-bit pictures.
    const file = space === 'rgb16' ? open().pipelineColourspace('srgb') : open();
    const { data, info } = await file
      .toColourspace('srgb')
      .ensureAlpha()
      .raw({ depth: 'uchar' })
      .toBuffer({ resolveWithObject: true });
    return flattenRgba(info.width, info.height, data, alpha);
  } catch (cause) {
    const cut = cause instanceof Error && /premature|truncat|end of|incomplete/i.test(cause.message);
    throw cut ? truncatedPicture(name, cause) : undecodablePicture(kind, name, cause);
  }
}

/** Converts CMYK without a profile. Source: Pillow `src/libImaging/Convert.c`, cmyk2rgb */
async function multiplyCmyk(file: Sharp): Promise<RgbImage> {
  const { data: cmyk, info } = await file
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < data.length; from += 4) {
    const light = 255 - cmyk[from + 3];
    for (let i = 0; i < 3; i++) data[to++] = Math.round(((255 - cmyk[from + i]) * light) / 255);
  }
  return { width, height, data };
}
