/**
 * Decodes picture files to nearly the same pixels on every platform. PNG, GIF and BMP are decoded here. For
 * JPEG, WebP and AVIF the platform decodes the pixels and converts the colours; damage, orientation and alpha
 * are handled here.
 */

import { checkPictureFile, type SizeCheck, truncatedPicture, unreadablePicture } from './check.ts';
import { applyOrientation, readOrientation } from './exif.ts';
import { avifAsStill, splitAlpha } from './formats/avif.ts';
import { decodeBmp } from './formats/bmp.ts';
import { decodeGif } from './formats/gif.ts';
import { jpegDamage } from './formats/jpeg-damage.ts';
import { decodePng } from './formats/png.ts';
import { webpAsStill } from './formats/webp.ts';
import type { AlphaRule, RgbImage } from './image.ts';
import type { PictureKind } from './sniff/header.ts';

export interface DecodeOptions {
  /** Checks the size before the pixels are decoded. */
  readonly checkSize?: SizeCheck;
  /** Sentences for the person are appended here. */
  readonly notes?: string[];
  /** How alpha is removed. Default: `over-white`. */
  readonly alpha?: AlphaRule;
}

/**
 * The platform's decoder. Decodes to 8-bit sRGB without applying the EXIF orientation.
 * @throws OmniError `bad_image`
 */
export type PlatformDecoder = (
  bytes: Uint8Array,
  kind: PictureKind,
  name: string,
  alpha: AlphaRule,
) => Promise<RgbImage>;

/**
 * Decodes a picture file to 8-bit sRGB: upright by its EXIF orientation, over white, the first frame of an
 * animation. 16-bit samples, grey, palettes, CMYK and colour profiles are converted. Opaque 8-bit PNG pixels
 * without a profile are not changed.
 * @param name how messages name the picture
 * @throws OmniError `bad_image` if the file is not a picture, is damaged or cut off, or has an unusable size
 */
export async function decodePicture(
  bytes: Uint8Array,
  name: string,
  decode: PlatformDecoder,
  { checkSize, notes, alpha = 'over-white' }: DecodeOptions,
): Promise<RgbImage> {
  const checked = checkPictureFile(bytes, name, checkSize);
  const { orientation, bytes: plain } = readOrientation(bytes, checked.kind);
  const stored = await pixels();
  notes?.push(...checked.notes);
  return applyOrientation(stored, orientation);

  async function pixels(): Promise<RgbImage> {
    switch (checked.kind) {
      case 'png':
        return (await decodePng(plain, name, alpha)) ?? decode(plain, checked.kind, name, alpha);
      case 'gif':
        return decodeGif(plain, name, checked, alpha);
      case 'bmp':
        return decodeBmp(plain, name, alpha);
      case 'jpeg': {
        const damage = jpegDamage(plain);
        if (damage === 'cut') throw truncatedPicture(name);
        if (damage === 'broken') throw unreadablePicture(name);
        return decode(plain, checked.kind, name, alpha);
      }
      case 'avif':
        return decodeAvif(avifAsStill(plain), name, decode, alpha);
      case 'webp':
        return decode(webpAsStill(plain), checked.kind, name, alpha);
      case 'heic':
        return decode(plain, checked.kind, name, alpha);
      default:
        return checked.kind satisfies never;
    }
  }
}

async function decodeAvif(
  bytes: Uint8Array,
  name: string,
  decode: PlatformDecoder,
  rule: AlphaRule,
): Promise<RgbImage> {
  const parts = splitAlpha(bytes);
  if (!parts) return decode(bytes, 'avif', name, rule);
  const colour = await decode(parts.colour, 'avif', name, 'over-white');
  if (rule === 'dropped' && !parts.premultiplied) return colour;
  const { data: alphas } = await decode(parts.alpha, 'avif', name, 'over-white');
  if (alphas.length !== colour.data.length) throw unreadablePicture(name);
  const data = colour.data.map((value, i) => {
    const alpha = alphas[i];
    const stored = !parts.premultiplied ? value : alpha === 0 ? 0 : Math.min(255, (value * 255) / alpha);
    return Math.round(rule === 'dropped' ? stored : 255 + ((stored - 255) * alpha) / 255);
  });
  return { ...colour, data };
}
