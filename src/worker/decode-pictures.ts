/** Brings in the pictures that the language model is to look at. */

import { decodeImage } from '../pictures/decode.web.ts';
import type { RgbImage } from '../pictures/image.ts';

/**
 * Decodes pictures in full size: the language model reads more of a picture than a drawing takes from it.
 * @param notes is given what the person should know of the files
 * @throws OmniError `bad_image` for a picture that cannot be used; `unreachable` if the file is no longer there
 */
export async function decodePictures(
  signal: AbortSignal,
  files: readonly Blob[],
  notes: string[],
): Promise<RgbImage[]> {
  const pictures: RgbImage[] = [];
  for (const [i, file] of files.entries()) {
    signal.throwIfAborted();
    pictures.push(await decodeImage(file, `Picture ${i + 1}`, { notes }));
  }
  return pictures;
}
