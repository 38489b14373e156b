/** The page's end of the worker that looks at picture files. */

import { OmniError } from '../../errors.ts';
import { isRecord } from '../../is-record.ts';
import type { InspectAnswer, InspectedPicture, InspectRequest } from '../../pictures/inspect.ts';

export interface PictureReader {
  /**
   * One file at a time: a folder of photographs decoded at once takes gigabytes.
   * @throws OmniError `bad_image`, or `unreachable` if the file is no longer there
   */
  read(file: Blob, name: string): Promise<InspectedPicture>;
  /** Ends the worker, and gives back what it has taken of the memory. */
  close(): void;
}

export function openPictureReader(): PictureReader {
  const worker = new Worker(new URL('../../../workers/pictures.worker.ts', import.meta.url), {
    type: 'module',
    name: 'pictures',
  });
  return {
    read: (file, name) =>
      new Promise((resolve, reject) => {
        const fail = (cause: unknown) =>
          reject(
            new OmniError({
              code: 'device',
              permanent: false,
              message: `${name} could not be read: the part of the page that reads pictures stopped.`,
              action: 'Close other tabs to free memory, then give the picture again.',
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

/** The worker is a part of the page; what could come in its place is a message of another version. */
function isAnswer(data: unknown): data is InspectAnswer {
  return isRecord(data) && ('inspected' in data || 'refused' in data);
}
