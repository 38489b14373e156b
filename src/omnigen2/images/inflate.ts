/** Unpacks zlib data: Node and browsers each have their own way. */

/**
 * The unpacked bytes, at most `maxBytes` of them: what is packed beyond that is left.
 * Rejects if the data is broken or ends too early.
 */
export type Inflate = (packed: Uint8Array, maxBytes: number) => Promise<Uint8Array>;
