/** Brings in the pictures that the language model is to look at. */

import { decodeImage } from '../omnigen2/images/decode.web.ts';
import type { RgbImage } from '../omnigen2/images/image.ts';
import { lookNote } from '../omnigen2/looking.ts';
import type { OmniGen2Model } from '../omnigen2/model.ts';

/**
 * Decodes pictures in full size: the language model reads more of a picture than a drawing takes from it.
 * @param notes is given what the person should know of them
 * @throws OmniError `bad_image` for a picture that cannot be used; `unreachable` if the file is no longer there
 */
export async function picturesToLookAt(
  signal: AbortSignal,
  model: OmniGen2Model,
  files: readonly Blob[],
  notes: string[],
): Promise<RgbImage[]> {
  const pictures: RgbImage[] = [];
  for (const [i, file] of files.entries()) {
    signal.throwIfAborted();
    const name = `Picture ${i + 1}`;
    const picture = await decodeImage(file, name, { notes });
    const note = lookNote(model, picture, name);
    if (note) notes.push(note);
    pictures.push(picture);
  }
  return pictures;
}
