/**
 * Small changes to an AVIF file's boxes that decoders need to agree on it. Source of the format: ISO/IEC 14496-12 (boxes,
 * brands) and 23008-12, 6.4 (items and the references between them)
 */

import { latin1, viewOf } from '../bytes.ts';

const MAX_BOXES = 4096;

/** A box: where it begins, where its contents do, and where it ends. */
interface Box {
  readonly type: string;
  readonly start: number;
  readonly inside: number;
  readonly end: number;
}

function boxes(bytes: Uint8Array, from: number, end: number): Box[] {
  const view = viewOf(bytes);
  const found: Box[] = [];
  for (let at = from; at + 8 <= end && found.length < MAX_BOXES; ) {
    const short = view.getUint32(at);
    const head = short === 1 ? 16 : 8;
    if (at + head > end) break;
    const size = short === 1 ? Number(view.getBigUint64(at + 8)) : short === 0 ? end - at : short;
    if (size < head || at + size > end) break;
    found.push({ type: latin1(bytes, at + 4, 4), start: at, inside: at + head, end: at + size });
    at += size;
  }
  return found;
}

/** The boxes of `meta`, which has 4 bytes before them. */
function metaBoxes(bytes: Uint8Array): readonly Box[] {
  const meta = boxes(bytes, 0, bytes.length).find(({ type }) => type === 'meta');
  return meta ? boxes(bytes, meta.inside + 4, meta.end) : [];
}

/**
 * The file as a still picture: without the brands of a sequence, decoders take the picture that stands beside its film, the
 * first frame. A sequence without such a picture stays as it is.
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
  /** The picture without its alpha. */
  readonly colour: Uint8Array;
  /** The alpha as a grey picture. */
  readonly alpha: Uint8Array;
  /** Whether the colours are stored multiplied by the alpha. */
  readonly multiplied: boolean;
}

/**
 * The two pictures of a file that has one for its alpha; undefined if it has none. Decoders differ in what they make of both
 * together: one takes the alpha, whose range is full, for one of limited range, another does not know multiplied colours.
 */
export function splitAlpha(bytes: Uint8Array): AlphaParts | undefined {
  const inside = metaBoxes(bytes);
  const primary = inside.find(({ type }) => type === 'pitm');
  const references = inside.find(({ type }) => type === 'iref');
  const properties = inside.find(({ type }) => type === 'iprp');
  if (!primary || !references || !properties) return undefined;
  if (!includesText(bytes.subarray(properties.start, properties.end), 'auxiliary:alpha')) return undefined;
  const view = viewOf(bytes);
  // Item numbers have 16 bits in the first version of a box, 32 in later ones.
  const idBytes = bytes[references.inside] === 0 ? 2 : 4;
  const idAt = (at: number, length: number) => (length === 2 ? view.getUint16(at) : view.getUint32(at));
  const primaryBytes = bytes[primary.inside] === 0 ? 2 : 4;
  const wanted = idAt(primary.inside + 4, primaryBytes);
  const links = boxes(bytes, references.inside + 4, references.end);
  const link = links.find(
    ({ type, inside: at }) => type === 'auxl' && idAt(at + idBytes + 2, idBytes) === wanted,
  );
  if (!link) return undefined;
  const item = idAt(link.inside, idBytes);
  const colour = new Uint8Array(bytes);
  const multiplier = links.find(({ type }) => type === 'prem');
  if (multiplier) colour.set(textBytes('zzzz'), multiplier.start + 4);
  colour.set(textBytes('zzzz'), link.start + 4);
  const alpha = new Uint8Array(colour);
  if (primaryBytes === 2) viewOf(alpha).setUint16(primary.inside + 4, item);
  else viewOf(alpha).setUint32(primary.inside + 4, item);
  return { colour, alpha, multiplied: multiplier !== undefined };
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
