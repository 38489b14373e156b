/** Reads the header of AVIF and HEIC files. Source: ISO/IEC 14496-12 (boxes) and 23008-12 (ispe) */

import { latin1, viewOf } from '../bytes.ts';
import type { PictureHeader, PictureKind } from './header.ts';

const AVIF_BRANDS: readonly string[] = ['avif', 'avis'];
const HEIC_BRANDS: readonly string[] = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'];
const SEQUENCE_BRANDS: readonly string[] = ['avis', 'hevc', 'hevx', 'msf1'];
/** Container boxes that lead to `ispe` and `stsz`, with the number of bytes before their first inner box. */
const CONTAINERS: Readonly<Record<string, number>> = {
  meta: 4,
  iprp: 0,
  ipco: 0,
  moov: 0,
  trak: 0,
  mdia: 0,
  minf: 0,
  stbl: 0,
};
const MAX_BOXES = 4096;

/** The brands of a file that begins with an `ftyp` box: the major brand, then the compatible ones. */
export function brandsOf(bytes: Uint8Array): string[] {
  const end = Math.min(viewOf(bytes).getUint32(0), bytes.length);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= end; at += 4) if (at !== 12) brands.push(latin1(bytes, at, 4));
  return brands;
}

/** The header of a file that begins with an `ftyp` box, or undefined if it is neither AVIF nor HEIC. */
export function heifHeader(bytes: Uint8Array): (PictureHeader & { readonly kind: PictureKind }) | undefined {
  if (bytes.length < 16) return undefined;
  const view = viewOf(bytes);
  const brands = brandsOf(bytes);
  const avif = brands.some((brand) => AVIF_BRANDS.includes(brand));
  if (!avif && !brands.some((brand) => HEIC_BRANDS.includes(brand))) return undefined;
  const found = { width: 0, height: 0, boxes: 0, samples: 1, complete: true };
  walk(0, bytes.length);
  return {
    kind: avif ? 'avif' : 'heic',
    width: found.width,
    height: found.height,
    // A file may hold a still picture beside a video (a live photo). The major brand says which it is.
    frames: SEQUENCE_BRANDS.includes(brands[0]) ? found.samples : 1,
    complete: found.complete && found.width > 0,
  };

  function walk(from: number, end: number): void {
    for (let at = from; at + 8 <= end && found.boxes++ < MAX_BOXES; ) {
      let size = view.getUint32(at);
      let head = 8;
      if (size === 1 && at + 16 <= end) {
        size = Number(view.getBigUint64(at + 8));
        head = 16;
      }
      if (size === 0) size = end - at;
      if (size < head) return;
      if (at + size > end) found.complete = false;
      const inner = Math.min(at + size, end);
      const type = latin1(bytes, at + 4, 4);
      if (type === 'ispe' && at + head + 12 <= inner) {
        // The largest size counts: thumbnails and the tiles of a grid have sizes too.
        const width = view.getUint32(at + head + 4);
        const height = view.getUint32(at + head + 8);
        if (width * height > found.width * found.height) Object.assign(found, { width, height });
      }
      // Sample sizes, one per frame. No other track has more samples than the one of the pictures.
      if (type === 'stsz' && at + head + 12 <= inner) {
        found.samples = Math.max(found.samples, view.getUint32(at + head + 8));
      }
      const skip = CONTAINERS[type];
      if (skip !== undefined) walk(at + head + skip, inner);
      at += size;
    }
  }
}
