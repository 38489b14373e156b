/** Client of the pictures worker, which inspects picture files. */

import { OmniError } from '../../errors.ts';
import type { InspectAnswer, InspectedPicture, InspectRequest } from '../../pictures/inspect.ts';

export interface PictureInspector {
  /**
   * Call it for one file at a time: decoding a folder of photographs at once takes gigabytes.
   * @throws OmniError `bad_image`, or `unreachable` if the file no longer exists
   */
  inspect(file: Blob, name: string): Promise<InspectedPicture>;
  /** Ends the worker, which frees its memory. */
  close(): void;
}

export function startPictureInspector(): PictureInspector {
  const worker = new Worker(new URL('../../../workers/pictures.worker.ts', import.meta.url), {
    type: 'module',
    name: 'pictures',
  });
  return {
    inspect: (file, name) =>
      new Promise((resolve, reject) => {
        const fail = (cause: unknown) =>
          reject(
            new OmniError({
              code: 'device',
              permanent: false,
              message: `${name} could not be read: the picture reader stopped.`,
              action: 'Close other tabs to free memory, then add the picture again.',
              cause,
            }),
          );
        worker.onmessage = ({ data }: MessageEvent<unknown>) => {
          if (!isAnswer(data)) fail(data);
          else if ('inspected' in data) resolve(data.inspected);
          else reject(new OmniError(data.refused));
        };
        worker.onerror = (event) => {
          event.preventDefault();
          fail(event.message);
        };
        const request: InspectRequest = { file, name };
        worker.postMessage(request);
      }),
    close: () => worker.terminate(),
  };
}

/** Rejects messages of a worker from another version of the page. */
function isAnswer(data: unknown): data is InspectAnswer {
  return typeof data === 'object' && data !== null && ('inspected' in data || 'refused' in data);
}
