/** The header of AVIF and HEIC files. Source of the format: ISO/IEC 14496-12 (boxes) and 23008-12 (ispe) */

import type { PictureFacts, PictureKind } from './sniff.ts';

const AVIF_BRANDS: readonly string[] = ['avif', 'avis'];
const HEIC_BRANDS: readonly string[] = ['heic', 'heix', 'hevc', 'hevx', 'heim', 'heis', 'mif1', 'msf1'];
/** Boxes that hold the picture's properties, on the way from the file to `ispe`. `meta` has 4 bytes before its boxes. */
const CONTAINERS: Readonly<Record<string, number>> = { meta: 4, iprp: 0, ipco: 0 };
const MAX_BOXES = 4096;

/** The facts of a file that begins with an `ftyp` box, or undefined if it is a video or something else. */
export function heifFacts(bytes: Uint8Array): (PictureFacts & { readonly kind: PictureKind }) | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const headEnd = Math.min(view.getUint32(0), bytes.length);
  const brands: string[] = [];
  for (let at = 8; at + 4 <= headEnd; at += 4) if (at !== 12) brands.push(name(bytes, at));
  const avif = brands.some((brand) => AVIF_BRANDS.includes(brand));
  if (!avif && !brands.some((brand) => HEIC_BRANDS.includes(brand))) return undefined;
  const found = { width: 0, height: 0, boxes: 0, complete: true };
  walk(0, bytes.length);
  return {
    kind: avif ? 'avif' : 'heic',
    width: found.width,
    height: found.height,
    animated: brands[0] === 'avis' || brands[0] === 'hevc',
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
      const type = name(bytes, at + 4);
      if (type === 'ispe' && at + head + 12 <= inner) {
        // The largest one: others belong to thumbnails and to the tiles of a grid.
        const width = view.getUint32(at + head + 4);
        const height = view.getUint32(at + head + 8);
        if (width * height > found.width * found.height) Object.assign(found, { width, height });
      }
      const skip = CONTAINERS[type];
      if (skip !== undefined) walk(at + head + skip, inner);
      at += size;
    }
  }
}

function name(bytes: Uint8Array, at: number): string {
  return String.fromCharCode(...bytes.subarray(at, at + 4));
}
