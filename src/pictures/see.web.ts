/** Looks at a picture file in a worker of a browser: whether it can be used, how large it is, how it looks. */

import { pictureBytes, type SizeCheck } from './check.ts';
import { decodeBytes } from './decode.web.ts';
import { encodePng } from './encode.web.ts';
import { rgbaOf } from './image.ts';
import { type SeenPicture, shrunk } from './see.ts';

/**
 * Decodes the whole file, so that what is refused later is refused now.
 * @param name how messages name it
 * @throws OmniError `bad_image`; `unreachable` if the file is no longer there
 */
export async function seePicture(file: Blob, name: string, checkSize: SizeCheck): Promise<SeenPicture> {
  const bytes = await pictureBytes(file, name);
  const notes: string[] = [];
  const image = await decodeBytes(bytes, name, { checkSize, notes });
  const { width, height } = image;
  const small = shrunk(image);
  return {
    file: new Blob([bytes], { type: file.type }),
    preview: await encodePng({ ...small, data: rgbaOf(small) }),
    width,
    height,
    notes,
  };
}
