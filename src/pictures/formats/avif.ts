/**
 * Rewrites boxes of an AVIF file so that all decoders decode it alike.
 * Source of the format: ISO/IEC 14496-12 (boxes, brands) and 23008-12, 6.4 (items and their references)
 */

import { latin1, viewOf } from '../bytes.ts';

const MAX_BOXES = 4096;
/** Replaces the type of a reference: decoders ignore types that they do not know. */
const UNKNOWN_TYPE = 'zzzz';

/** A box: its offset, the offset of its contents, and the offset after it. */
interface Box {
  readonly type: string;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

function boxesIn(bytes: Uint8Array, from: number, end: number): Box[] {
  const view = viewOf(bytes);
  const found: Box[] = [];
  for (let at = from; at + 8 <= end && found.length < MAX_BOXES; ) {
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    if (at + head > end) break;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? end - at : short;
    if (size < head || at + size > end) break;
    found.push({ type: latin1(bytes, at + 4, 4), start: at, content: at + head, end: at + size });
    at += size;
  }
  return found;
}

/** The boxes in `meta`, whose content begins with a version and flags of 4 bytes. */
function metaBoxes(bytes: Uint8Array): readonly Box[] {
  const meta = boxesIn(bytes, 0, bytes.length).find(({ type }) => type === 'meta');
  return meta ? boxesIn(bytes, meta.content + 4, meta.end) : [];
}

/**
 * Removes the brands of an image sequence, so that decoders show the still picture stored beside it, its
 * first frame. Returns a sequence without a still picture unchanged.
 */
export function avifAsStill(bytes: Uint8Array): Uint8Array {
  if (!metaBoxes(bytes).some(({ type }) => type === 'pitm')) return bytes;
  const still = new Uint8Array(bytes);
  const end = Math.min(viewOf(bytes).getUint32(0), bytes.length);
  for (let at = 8; at + 4 <= end; at += 4) {
    if (latin1(bytes, at, 4) === 'avis') still.set(textBytes('avif'), at);
    if (latin1(bytes, at, 4) === 'msf1') still.set(textBytes('mif1'), at);
  }
  return still;
}

export interface AlphaParts {
  /** The file without its alpha item. */
  readonly colour: Uint8Array;
  /** The file with the alpha item as its primary item: a grey picture. */
  readonly alpha: Uint8Array;
  /** Whether the stored colours are multiplied by alpha. */
  readonly premultiplied: boolean;
}

/**
 * Splits a file with an alpha item into a file of its colours and a file of its alpha, because decoders
 * differ in how they combine them: Chromium reads full-range alpha as limited range, and libheif ignores
 * premultiplication.
 * @returns undefined if the file has no alpha item
 */
export function splitAlpha(bytes: Uint8Array): AlphaParts | undefined {
  const meta = metaBoxes(bytes);
  const primary = meta.find(({ type }) => type === 'pitm');
  const references = meta.find(({ type }) => type === 'iref');
  const properties = meta.find(({ type }) => type === 'iprp');
  if (!primary || !references || !properties) return undefined;
  if (!includesText(bytes.subarray(properties.start, properties.end), 'auxiliary:alpha')) return undefined;
  const view = viewOf(bytes);
  // Item IDs have 16 bits in version 0 of a box, and 32 in later versions.
  const idBytes = bytes[references.content] === 0 ? 2 : 4;
  const idAt = (at: number, length: number) => (length === 2 ? view.getUint16(at) : view.getUint32(at));
  const primaryBytes = bytes[primary.content] === 0 ? 2 : 4;
  const primaryId = idAt(primary.content + 4, primaryBytes);
  const links = boxesIn(bytes, references.content + 4, references.end);
  const link = links.find(
    ({ type, content: at }) => type === 'auxl' && idAt(at + idBytes + 2, idBytes) === primaryId,
  );
  if (!link) return undefined;
  const alphaId = idAt(link.content, idBytes);
  const colour = new Uint8Array(bytes);
  const premultiplication = links.find(({ type }) => type === 'prem');
  if (premultiplication) colour.set(textBytes(UNKNOWN_TYPE), premultiplication.start + 4);
  colour.set(textBytes(UNKNOWN_TYPE), link.start + 4);
  const alpha = new Uint8Array(colour);
  if (primaryBytes === 2) viewOf(alpha).setUint16(primary.content + 4, alphaId);
  else viewOf(alpha).setUint32(primary.content + 4, alphaId);
  return { colour, alpha, premultiplied: premultiplication !== undefined };
}

function includesText(bytes: Uint8Array, text: string): boolean {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (latin1(bytes, at, text.length) === text) return true;
  }
  return false;
}

function textBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}
