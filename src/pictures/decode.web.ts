/** Decodes picture files in a worker of a browser. */

import { OmniError } from '../errors.ts';
import { pictureBytes, undecodablePicture } from './check.ts';
import { cmykConverter } from './colour/icc-cmyk.ts';
import { type DecodeOptions, decodePicture } from './decode.ts';
import { cmykProfile, splitCmyk } from './formats/jpeg-cmyk.ts';
import { type AlphaRule, flattenRgba, type RgbImage } from './image.ts';
import type { PictureKind } from './sniff/header.ts';
import { unpremultipliedPixels } from './unpremultiplied.web.ts';

/** Pixels drawn at a time: some browsers have no canvas of more than 16 megapixels, and a phone's photo has more. */
const STRIP_PIXELS = 2 ** 22;

/** What passes an ink of middle strength, of 255. */
const HALF_LIGHT = 128;

/**
 * A picture file as 8-bit sRGB: see {@link decodePicture}. CMYK is converted by its profile, perceptually; without one it is
 * multiplied.
 * @throws OmniError `bad_image`; `unreachable` if the file is no longer there
 */
export async function decodeImage(file: Blob, name: string, options: DecodeOptions = {}): Promise<RgbImage> {
  return decodeBytes(await pictureBytes(file, name), name, options);
}

/** As {@link decodeImage}, for a file that has been read. */
export function decodeBytes(bytes: Uint8Array, name: string, options: DecodeOptions): Promise<RgbImage> {
  return decodePicture(bytes, name, decode, options);
}

async function decode(
  bytes: Uint8Array,
  kind: PictureKind,
  name: string,
  alpha: AlphaRule,
): Promise<RgbImage> {
  const inks = kind === 'jpeg' ? await decodeCmyk(bytes, name) : undefined;
  return inks ?? decodeByBrowser(bytes, kind, name, alpha);
}

/**
 * A JPEG in CMYK by its own profile: what browsers make of one differs. Undefined if it has none, or if this browser does
 * not multiply the inks of a file without one, which is how they are told apart here.
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
  // Half of the light passes what is even.
  if (!black || black.data.some((light) => light > HALF_LIGHT + 2)) return undefined;
  const { data } = colours;
  // Browsers cut off what is left of a level: the middle of it is meant.
  const strength = Uint8Array.from({ length: 256 }, (_, light) =>
    light >= HALF_LIGHT ? 0 : 255 - Math.round(((light + 0.5) * 255) / HALF_LIGHT),
  );
  const pixel = new Uint8Array(4);
  for (let at = 0; at < data.length; at += 3) {
    for (let ink = 0; ink < 3; ink++) pixel[ink] = strength[data[at + ink]];
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
  // Without the type that the file claims: it may be wrong, and the bytes have been looked at.
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
