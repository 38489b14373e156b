/** Entry of the worker that looks at picture files when a person gives them, beside the one that draws. */

import { reportOf } from '../src/errors.ts';
import type { SeeAnswer, SeeRequest } from '../src/omnigen2/images/see.ts';
import { seePicture } from '../src/omnigen2/images/see.web.ts';

self.addEventListener('message', async ({ data: { file, name } }: MessageEvent<SeeRequest>) => {
  self.postMessage(await answerTo(file, name));
});

async function answerTo(file: Blob, name: string): Promise<SeeAnswer> {
  try {
    return { seen: await seePicture(file, name) };
  } catch (error) {
    return { refused: reportOf(error, `Reading ${name}`) };
  }
}
