/** Decodes picture files in a browser's worker. */

import { OmniError } from '../errors.ts';
import { pictureBytes, undecodablePicture } from './check.ts';
import { cmykConverter } from './colour/icc-cmyk.ts';
import { type DecodeOptions, decodePicture } from './decode.ts';
import { cmykProfile, splitCmyk } from './formats/jpeg-cmyk.ts';
import { type AlphaRule, flattenRgba, type RgbImage } from './image.ts';
import type { PictureKind } from './sniff/header.ts';
import { unpremultipliedPixels } from './unpremultiplied.web.ts';

/** Pixels per strip. Some browsers limit a canvas to 16 megapixels; a phone's photo may have more. */
const STRIP_PIXELS = 2 ** 22;

/** The 8-bit light that a component of medium strength lets pass. See {@link splitCmyk}. */
const HALF_LIGHT = 128;

/**
 * Decodes a picture file to 8-bit sRGB: see {@link decodePicture}. CMYK is converted by its profile with
 * perceptual intent; without a profile, by the browser.
 *
 * @example
 * const [file] = input.files ?? [];
 * const image = await decodeImage(file, file.name);
 *
 * @param name how messages name the picture
 * @throws OmniError `bad_image`; `unreachable` if the file can no longer be read
 */
export async function decodeImage(file: Blob, name: string, options: DecodeOptions = {}): Promise<RgbImage> {
  return decodeBytes(await pictureBytes(file, name), name, options);
}

/** Like {@link decodeImage}, for bytes that are already in memory. */
export function decodeBytes(bytes: Uint8Array, name: string, options: DecodeOptions): Promise<RgbImage> {
  return decodePicture(bytes, name, decode, options);
}

async function decode(
  bytes: Uint8Array,
  kind: PictureKind,
  name: string,
  alpha: AlphaRule,
): Promise<RgbImage> {
  const converted = kind === 'jpeg' ? await decodeCmyk(bytes, name) : undefined;
  return converted ?? decodeByBrowser(bytes, kind, name, alpha);
}

/**
 * Decodes a CMYK JPEG by its own profile, because browsers differ in how they convert CMYK. A browser returns
 * only RGB, so the file is decoded twice, each time with some components neutralized: see {@link splitCmyk}.
 * @returns undefined if the file is not CMYK or has no profile, or if this browser does not multiply the
 *   components of a file without a profile
 */
async function decodeCmyk(bytes: Uint8Array, name: string): Promise<RgbImage | undefined> {
  const profile = cmykProfile(bytes);
  const convert = profile && cmykConverter(profile);
  const parts = convert && splitCmyk(bytes);
  if (!parts) return undefined;
  const decoded = (file: Uint8Array) =>
    decodeByBrowser(file, 'jpeg', name, 'over-white').catch(() => undefined);
  const colours = await decoded(parts.colours);
  const black = colours && (await decoded(parts.black));
  // A neutralized component lets half of the light pass. More light means that the browser does not multiply.
  if (!black || black.data.some((light) => light > HALF_LIGHT + 2)) return undefined;
  const { data } = colours;
  // Browsers round down, so the centre of a level is the best estimate.
  const strength = Uint8Array.from({ length: 256 }, (_, light) =>
    light >= HALF_LIGHT ? 0 : 255 - Math.round(((light + 0.5) * 255) / HALF_LIGHT),
  );
  const pixel = new Uint8Array(4);
  for (let at = 0; at < data.length; at += 3) {
    for (let i = 0; i < 3; i++) pixel[i] = strength[data[at + i]];
    pixel[3] = strength[black.data[at]];
    convert(pixel, 0, data, at);
  }
  return colours;
}

async function decodeByBrowser(
  bytes: Uint8Array,
  kind: PictureKind,
  name: string,
  alpha: AlphaRule,
): Promise<RgbImage> {
  // A new Blob without the type that the file claims, because that type may be wrong.
  const bitmap = await createImageBitmap(new Blob([new Uint8Array(bytes)]), {
    colorSpaceConversion: 'default',
    premultiplyAlpha: alpha === 'dropped' ? 'none' : 'default',
  }).catch((cause: unknown) => {
    throw undecodablePicture(kind, name, cause);
  });
  try {
    return alpha === 'dropped' && kind !== 'jpeg'
      ? await unpremultipliedPixels(bitmap, name)
      : pixelsOverWhite(bitmap, name);
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
      message: `${name} cannot be read: the browser cannot create a canvas in a worker.`,
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
