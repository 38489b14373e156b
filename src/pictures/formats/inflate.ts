/** Decompresses zlib data with DecompressionStream, which Node and browsers both have. */

/**
 * Decompresses at most `maxBytes` bytes and ignores the rest, which bounds the memory.
 * Rejects if the data is damaged or ends too early.
 */
export async function inflate(compressed: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  const source = new Blob([new Uint8Array(compressed)])
    .stream()
    .pipeThrough(new DecompressionStream('deflate'));
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
