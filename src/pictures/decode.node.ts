/** Decodes picture files under Node. */

import sharp, { type Sharp } from 'sharp';
import { latin1 } from './bytes.ts';
import { MAX_PICTURE_PIXELS, truncatedPicture, undecodablePicture } from './check.ts';
import { type DecodeOptions, decodePicture } from './decode.ts';
import { type AlphaRule, flattenRgba, type RgbImage } from './image.ts';
import type { PictureKind } from './sniff/header.ts';

/**
 * A picture file as 8-bit sRGB: see {@link decodePicture}. CMYK with a profile is converted by it, perceptually; without one
 * it is multiplied, as browsers and the official code do.
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
    // A profile of other colours than the picture has means nothing.
    const inks = icc && latin1(icc, 16, 4) === 'CMYK';
    if (space === 'cmyk' && !inks) return await multiplyCmyk(open());
    // In 16 bits, profiles would be left unapplied.
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

/** Light that passes the four inks. Source: Pillow `src/libImaging/Convert.c`, cmyk2rgb */
async function multiplyCmyk(file: Sharp): Promise<RgbImage> {
  const { data: inks, info } = await file
    .pipelineColourspace('cmyk')
    .toColourspace('cmyk')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true });
  const { width, height } = info;
  const data = new Uint8Array(3 * width * height);
  for (let from = 0, to = 0; to < data.length; from += 4) {
    const black = 255 - inks[from + 3];
    for (let ink = 0; ink < 3; ink++) data[to++] = Math.round(((255 - inks[from + ink]) * black) / 255);
  }
  return { width, height, data };
}
