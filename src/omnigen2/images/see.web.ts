/** Looks at a picture file in a worker of a browser: whether it can be used, how large it is, how it looks. */

import { pictureBytes } from './check.ts';
import { decodeBytes } from './decode.web.ts';
import type { RgbImage } from './image.ts';
import { type SeenPicture, shrunk } from './see.ts';
import type { ReferenceLimits } from './sizes.ts';

/** The official bounds on a reference; a picture that is too narrow for these is too narrow at every size. */
const WIDEST: ReferenceLimits = { maxPixels: 1024 * 1024, maxReferenceSide: 1024 };

/**
 * Decodes the whole file, so that what is refused later is refused now.
 * @param name how messages name it
 * @throws OmniError `bad_image`; `unreachable` if the file is no longer there
 */
export async function seePicture(file: Blob, name: string): Promise<SeenPicture> {
  const bytes = await pictureBytes(file, name);
  const notes: string[] = [];
  const image = await decodeBytes(bytes, name, { limits: WIDEST, notes });
  const { width, height } = image;
  return {
    file: new Blob([bytes], { type: file.type }),
    preview: await pngOf(shrunk(image)),
    width,
    height,
    notes,
  };
}

function pngOf({ width, height, data }: RgbImage): Promise<Blob> {
  const pixels = new ImageData(width, height);
  for (let from = 0, to = 0; from < data.length; to += 4) {
    for (let channel = 0; channel < 3; channel++) pixels.data[to + channel] = data[from++];
    pixels.data[to + 3] = 255;
  }
  const canvas = new OffscreenCanvas(width, height);
  canvas.getContext('2d')?.putImageData(pixels, 0, 0);
  return canvas.convertToBlob({ type: 'image/png' });
}
