/** Unpacks zlib data, with what Node and browsers have alike. */

/**
 * The unpacked bytes, at most `maxBytes` of them: what is packed beyond that is left.
 * Rejects if the data is broken or ends too early.
 */
export async function inflate(packed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const source = new Blob([new Uint8Array(packed)]).stream().pipeThrough(new DecompressionStream('deflate'));
  const all = new Uint8Array(maxBytes);
  let length = 0;
  for (const reader = source.getReader(); length < maxBytes; ) {
    const { done, value } = await reader.read();
    if (done) break;
    const part = value.subarray(0, maxBytes - length);
    all.set(part, length);
    length += part.length;
    if (length === maxBytes) await reader.cancel();
  }
  return all.subarray(0, length);
}
