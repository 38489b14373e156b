/** Inspects a picture file in the pictures worker. */

import { pictureBytes, type SizeCheck } from './check.ts';
import { decodeBytes } from './decode.web.ts';
import { encodePng } from './encode.web.ts';
import { rgbaOf } from './image.ts';
import { type InspectedPicture, thumbnailOf } from './inspect.ts';

/**
 * Checks a picture file and makes its thumbnail. Decodes the whole file, so that a damaged one is refused
 * before drawing starts.
 * @param name how messages name the picture
 * @param checkSize throws for sizes that the model cannot use
 * @throws OmniError `bad_image`; `unreachable` if the browser can no longer read the file
 */
export async function inspectPicture(
  file: Blob,
  name: string,
  checkSize: SizeCheck,
): Promise<InspectedPicture> {
  const bytes = await pictureBytes(file, name);
  const notes: string[] = [];
  const image = await decodeBytes(bytes, name, { checkSize, notes });
  const { width, height } = image;
  const small = thumbnailOf(image);
  return {
    file: new Blob([bytes], { type: file.type }),
    thumbnail: await encodePng({ ...small, data: rgbaOf(small) }),
    width,
    height,
    notes,
  };
}
