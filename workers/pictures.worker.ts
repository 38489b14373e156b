/**
 * Entry of the pictures worker: inspects picture files when a person adds them. The other worker holds the
 * model.
 */

import { reportOf } from '../src/errors.ts';
import { OFFICIAL_LIMITS, referenceCheck } from '../src/omnigen2/sizes.ts';
import type { InspectAnswer, InspectRequest } from '../src/pictures/inspect.ts';
import { inspectPicture } from '../src/pictures/inspect.web.ts';

/** A picture that is too narrow for the official limits is too narrow for smaller limits too. */
const checkSize = referenceCheck(OFFICIAL_LIMITS);

self.addEventListener('message', async ({ data: { file, name } }: MessageEvent<InspectRequest>) => {
  self.postMessage(await answerTo(file, name));
});

async function answerTo(file: Blob, name: string): Promise<InspectAnswer> {
  try {
    return { inspected: await inspectPicture(file, name, checkSize) };
  } catch (error) {
    return { refused: reportOf(error, `Reading ${name}`) };
  }
}
