/**
 * Decodes PNG files. Not left to the platform, because browsers and libraries differ in how they treat
 * profiles, 16 bits, checksums and animations. Source of the format: PNG specification (Third Edition).
 */

import { concatBytes, viewOf } from '../bytes.ts';
import { truncatedPicture, unreadablePicture } from '../check.ts';
import { type Converter, converterFrom } from '../colour/colour.ts';
import type { AlphaRule, RgbImage } from '../image.ts';
import { inflate } from './inflate.ts';
import { isIntact, pngChunks } from './png-chunks.ts';
import { COLOUR_CHUNKS, pngSpace } from './png-colour.ts';
import { unfilterRow } from './png-filter.ts';

const GREY = 0;
const COLOUR = 2;
const PALETTE = 3;
const GREY_ALPHA = 4;
const COLOUR_ALPHA = 6;

/** Samples per pixel and allowed bit depths, by colour type. Source: 11.2.1, table 11.1 */
const COLOUR_TYPES: Readonly<
  Record<number, { readonly samples: number; readonly depths: readonly number[] }>
> = {
  [GREY]: { samples: 1, depths: [1, 2, 4, 8, 16] },
  [COLOUR]: { samples: 3, depths: [8, 16] },
  [PALETTE]: { samples: 1, depths: [1, 2, 4, 8] },
  [GREY_ALPHA]: { samples: 2, depths: [8, 16] },
  [COLOUR_ALPHA]: { samples: 4, depths: [8, 16] },
};

/** Offsets and steps of the seven passes, in pixels. Source: 8.1 */
const ADAM7: readonly (readonly [x: number, y: number, stepX: number, stepY: number])[] = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
];
const NOT_INTERLACED: typeof ADAM7 = [[0, 0, 1, 1]];

interface PngFile {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly type: number;
  readonly interlaced: boolean;
  /** RGB, 3 bytes per entry. */
  readonly palette: Uint8Array;
  /** The content of tRNS. */
  readonly transparency: Uint8Array | undefined;
  /** The contents of the chunks that describe the colour space, by name. */
  readonly colour: ReadonlyMap<string, Uint8Array>;
  /** The concatenated IDAT chunks. */
  readonly data: Uint8Array;
}

/**
 * Decodes a PNG to 8-bit sRGB. Of an animation, decodes the default image. Refuses damaged image data and
 * wrong checksums of critical chunks. Ignores damaged ancillary chunks.
 * @param name how messages name the picture
 * @returns undefined if its profile has lookup tables: then a decoder with a colour engine is needed
 * @throws OmniError `bad_image`
 */
export async function decodePng(
  bytes: Uint8Array,
  name: string,
  alpha: AlphaRule,
): Promise<RgbImage | undefined> {
  const file = readPng(bytes, name);
  const grey = file.type === GREY || file.type === GREY_ALPHA;
  const space = await pngSpace(file.colour, grey);
  if (space === 'tables') return undefined;
  const maximum = file.depth === 16 ? 65_535 : 255;
  const convert = space === 'none' ? undefined : converterFrom(space, maximum);
  const passes = (file.interlaced ? ADAM7 : NOT_INTERLACED).map(([x, y, stepX, stepY]) => ({
    ...{ x, y, stepX, stepY },
    width: Math.ceil((file.width - x) / stepX),
    height: Math.ceil((file.height - y) / stepY),
  }));
  const pixelBits = file.depth * COLOUR_TYPES[file.type].samples;
  const bytesOf = (width: number) => Math.ceil((width * pixelBits) / 8);
  const size = passes.reduce(
    (sum, { width, height }) => sum + (width > 0 ? height * (1 + bytesOf(width)) : 0),
    0,
  );
  const rows = await inflate(file.data, size).catch((cause: unknown) => {
    throw unreadablePicture(name, cause);
  });
  if (rows.length < size) throw unreadablePicture(name);
  const image = {
    width: file.width,
    height: file.height,
    data: new Uint8Array(3 * file.width * file.height),
  };
  let at = 0;
  for (const pass of passes) {
    if (pass.width <= 0) continue;
    const length = bytesOf(pass.width);
    const readRow = rowReader(file, pass.width, convert, alpha);
    for (let row = 0; row < pass.height; row++, at += 1 + length) {
      const above = row > 0 ? at - length : undefined;
      if (!unfilterRow(rows, at, length, above, Math.max(1, pixelBits >> 3))) throw unreadablePicture(name);
      const pixels = readRow(rows, at + 1);
      if (!pixels) throw unreadablePicture(name);
      writeRow(image, pixels, pass, row);
    }
  }
  return image;
}

/** Writes the pixels of one row of a pass to their places in the picture. */
function writeRow(
  { width, data }: RgbImage,
  pixels: Uint8Array | Uint16Array,
  pass: { readonly x: number; readonly y: number; readonly stepX: number; readonly stepY: number },
  row: number,
): void {
  const start = 3 * ((pass.y + row * pass.stepY) * width + pass.x);
  if (pass.stepX === 1) {
    data.set(pixels, start);
    return;
  }
  for (let from = 0, to = start; from < pixels.length; from += 3, to += 3 * pass.stepX) {
    data[to] = pixels[from];
    data[to + 1] = pixels[from + 1];
    data[to + 2] = pixels[from + 2];
  }
}

/** @throws OmniError `bad_image` */
function readPng(bytes: Uint8Array, name: string): PngFile {
  const ancillary = new Map<string, Uint8Array>();
  const parts: Uint8Array[] = [];
  let header: Uint8Array | undefined;
  let palette: Uint8Array = new Uint8Array(0);
  for (const chunk of pngChunks(bytes)) {
    const { type, content } = chunk;
    if (chunk.end > bytes.length) throw truncatedPicture(name);
    if (type === 'IEND') break;
    const critical = (type.charCodeAt(0) & 0x20) === 0;
    if (critical && !isIntact(bytes, chunk)) throw unreadablePicture(name);
    if (type === 'IHDR') header ??= content;
    else if (type === 'PLTE') palette = content;
    else if (type === 'IDAT') parts.push(content);
    else if (critical) throw unreadablePicture(name);
    // The first chunk of a type counts. Damaged ones are ignored.
    else if (
      !ancillary.has(type) &&
      (type === 'tRNS' || COLOUR_CHUNKS.includes(type)) &&
      isIntact(bytes, chunk)
    ) {
      ancillary.set(type, content);
    }
  }
  if (!header || header.length < 13 || parts.length === 0) throw unreadablePicture(name);
  const headerView = viewOf(header);
  const [depth, type, compression, filtering, interlace] = header.subarray(8, 13);
  const known = COLOUR_TYPES[type]?.depths.includes(depth);
  if (!known || compression !== 0 || filtering !== 0 || interlace > 1) throw unreadablePicture(name);
  if (type === PALETTE && (palette.length === 0 || palette.length % 3 !== 0)) throw unreadablePicture(name);
  return {
    width: headerView.getUint32(0),
    height: headerView.getUint32(4),
    depth,
    type,
    interlaced: interlace === 1,
    palette,
    transparency: ancillary.get('tRNS'),
    colour: ancillary,
    data: concatBytes(parts),
  };
}

/**
 * Makes a function that converts one row of unfiltered bytes to 8-bit RGB, over white or without alpha.
 * The function reuses its array for the next row. It returns undefined if a colour is not in the palette.
 */
function rowReader(
  { depth, type, palette, transparency }: PngFile,
  width: number,
  convert: Converter | undefined,
  alpha: AlphaRule,
): (bytes: Uint8Array, at: number) => Uint8Array | Uint16Array | undefined {
  const { samples } = COLOUR_TYPES[type];
  const maximum = depth === 16 ? 65_535 : 255;
  const hasAlpha = alpha === 'over-white' && (type >= GREY_ALPHA || transparency !== undefined);
  if (type === COLOUR && depth === 8 && !convert && !hasAlpha) {
    return (bytes, at) => bytes.subarray(at, at + 3 * width);
  }
  const row = depth === 16 ? new Uint16Array(width * samples) : new Uint8Array(width * samples);
  const rgb = depth === 16 ? new Uint16Array(3 * width) : new Uint8Array(3 * width);
  const opacity = new Uint16Array(width).fill(maximum);
  const scale = type === PALETTE || depth >= 8 ? 1 : 255 / (2 ** depth - 1);
  const key = transparency && type <= COLOUR ? transparentColour(transparency, samples) : undefined;
  const colours = palette.length / 3;
  return (bytes, at) => {
    readSamples(bytes, at, depth, row);
    for (let x = 0, from = 0, to = 0; x < width; x++, from += samples, to += 3) {
      const value = row[from];
      if (type === PALETTE) {
        if (value >= colours) return undefined;
        rgb[to] = palette[3 * value];
        rgb[to + 1] = palette[3 * value + 1];
        rgb[to + 2] = palette[3 * value + 2];
        opacity[x] = transparency?.[value] ?? 255;
      } else if (type === GREY || type === GREY_ALPHA) {
        rgb[to] = rgb[to + 1] = rgb[to + 2] = value * scale;
        if (type === GREY_ALPHA) opacity[x] = row[from + 1];
        else if (key) opacity[x] = value === key[0] ? 0 : maximum;
      } else {
        rgb[to] = value;
        rgb[to + 1] = row[from + 1];
        rgb[to + 2] = row[from + 2];
        if (type === COLOUR_ALPHA) opacity[x] = row[from + 3];
        else if (key) opacity[x] = key.every((sample, i) => sample === rgb[to + i]) ? 0 : maximum;
      }
      if (convert) convert(rgb, to);
      else if (depth === 16) for (let i = to; i < to + 3; i++) rgb[i] = Math.round(rgb[i] / 257);
      if (hasAlpha && opacity[x] < maximum) {
        const share = opacity[x] / maximum;
        for (let i = to; i < to + 3; i++) rgb[i] = Math.round(255 + (rgb[i] - 255) * share);
      }
    }
    return rgb;
  };
}

/** The one colour that tRNS makes transparent, in stored samples. */
function transparentColour(transparency: Uint8Array, samples: number): readonly number[] | undefined {
  if (transparency.length < 2 * samples) return undefined;
  const view = viewOf(transparency);
  return Array.from({ length: samples }, (_, i) => view.getUint16(2 * i));
}

/** Unpacks stored samples of 1 to 16 bits. */
function readSamples(bytes: Uint8Array, at: number, depth: number, row: Uint8Array | Uint16Array): void {
  if (depth === 8) {
    row.set(bytes.subarray(at, at + row.length));
  } else if (depth === 16) {
    for (let i = 0; i < row.length; i++) row[i] = bytes[at + 2 * i] * 256 + bytes[at + 2 * i + 1];
  } else {
    const mask = 2 ** depth - 1;
    for (let i = 0; i < row.length; i++) {
      const bit = i * depth;
      row[i] = (bytes[at + (bit >> 3)] >> (8 - depth - (bit & 7))) & mask;
    }
  }
}
