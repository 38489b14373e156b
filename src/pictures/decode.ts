/**
 * Decodes picture files, the same everywhere as far as that is possible. PNG, GIF and BMP are decoded here; of JPEG, WebP and
 * AVIF the platform decodes the pixels and converts the colours, and the rest is done here: damage, orientation, alpha.
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
  /** Receives what the person should be told. */
  readonly notes?: string[];
  /** By default over white. */
  readonly alpha?: AlphaRule;
}

/**
 * What the platform does: the pixels as 8-bit sRGB, not applyOrientation by EXIF.
 * @throws OmniError `bad_image`
 */
export type PlatformDecoder = (
  bytes: Uint8Array,
  kind: PictureKind,
  name: string,
  alpha: AlphaRule,
) => Promise<RgbImage>;

/**
 * A picture file as 8-bit sRGB: applyOrientation as its EXIF orientation says, over white, the first frame of an animation; 16 bits,
 * grey, palettes, CMYK and colour profiles are converted. Opaque PNG pixels without a profile come out as they are stored.
 * @param name how messages name it
 * @throws OmniError `bad_image`
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
  if (rule === 'dropped' && !parts.multiplied) return colour;
  const { data: alphas } = await decode(parts.alpha, 'avif', name, 'over-white');
  if (alphas.length !== colour.data.length) throw unreadablePicture(name);
  const data = colour.data.map((value, i) => {
    const alpha = alphas[i];
    const stored = !parts.multiplied ? value : alpha === 0 ? 0 : Math.min(255, (value * 255) / alpha);
    return Math.round(rule === 'dropped' ? stored : 255 + ((stored - 255) * alpha) / 255);
  });
  return { ...colour, data };
}
