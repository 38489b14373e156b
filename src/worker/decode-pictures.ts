/** Decodes the pictures of a question or a turn. */

import { decodeImage } from '../pictures/decode.web.ts';
import type { RgbImage } from '../pictures/image.ts';

/**
 * Decodes pictures in full size, because the language model uses more pixels of a picture than a drawing.
 * @param notes receives sentences for the person about the files
 * @throws OmniError `bad_image` for a picture that cannot be used, `unreachable` for a file that no longer
 *   exists
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
