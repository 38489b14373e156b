/** Entry of the worker that looks at picture files when a person gives them, beside the one that draws. */

import { reportOf } from '../src/errors.ts';
import { OFFICIAL_LIMITS, referenceCheck } from '../src/omnigen2/sizes.ts';
import type { SeeAnswer, SeeRequest } from '../src/pictures/see.ts';
import { seePicture } from '../src/pictures/see.web.ts';

/** A picture that is too narrow for the official limits is too narrow at every size. */
const checkSize = referenceCheck(OFFICIAL_LIMITS);

self.addEventListener('message', async ({ data: { file, name } }: MessageEvent<SeeRequest>) => {
  self.postMessage(await answerTo(file, name));
});

async function answerTo(file: Blob, name: string): Promise<SeeAnswer> {
  try {
    return { seen: await seePicture(file, name, checkSize) };
  } catch (error) {
    return { refused: reportOf(error, `Reading ${name}`) };
  }
}
