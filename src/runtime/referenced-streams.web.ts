/** Keeps the streams referenced through which the engine reads weights. */

import type { InferenceSession } from 'onnxruntime-common';

/**
 * Creates a session whose external data is in Blobs.
 *
 * The JSPI build reads a Blob through `blob.slice(…).stream()`, and while a read is pending, only the
 * suspended WebAssembly code refers to the stream. Chromium collects such a stream as garbage: the read then
 * never ends, and neither does the creation of the session. Therefore this function holds all streams until
 * the session is created.
 */
export async function withReferencedStreams<Result>(
  options: InferenceSession.SessionOptions | undefined,
  create: (options: InferenceSession.SessionOptions | undefined) => Promise<Result>,
): Promise<Result> {
  if (!options?.externalData) return create(options);
  const streams: ReadableStream[] = [];
  const externalData = options.externalData.map((entry) =>
    typeof entry === 'object' && entry.data instanceof Blob
      ? { ...entry, data: watched(entry.data, streams) }
      : entry,
  );
  const result = await create({ ...options, externalData });
  streams.length = 0;
  return result;
}

/** The same bytes as `blob`. Streams of its slices are added to `streams`. */
function watched(blob: Blob, streams: ReadableStream[]): Blob {
  const own = blob.slice();
  own.slice = (...range) => {
    const part = blob.slice(...range);
    part.stream = () => {
      const stream = Blob.prototype.stream.call(part);
      streams.push(stream);
      return stream;
    };
    return part;
  };
  return own;
}
