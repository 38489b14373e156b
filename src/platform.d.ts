/**
 * The few globals that the core may use: browsers, workers and Node all have them.
 * The core is compiled without the types of DOM and Node, so that the compiler rejects all others.
 */
declare class TextEncoder {
  encode(text: string): Uint8Array<ArrayBuffer>;
}
declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean; ignoreBOM?: boolean });
  decode(bytes?: ArrayBufferView | ArrayBuffer, options?: { stream?: boolean }): string;
}
declare class AbortController {
  readonly signal: AbortSignal;
  abort(reason?: unknown): void;
}
interface AbortSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  throwIfAborted(): void;
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}
/** Bytes in memory or on disk. A file that a person chose in a browser is one. */
declare class Blob {
  constructor(parts?: readonly Uint8Array<ArrayBuffer>[]);
  readonly size: number;
  stream(): ByteStream;
  slice(start?: number, end?: number): Blob;
  arrayBuffer(): Promise<ArrayBuffer>;
}
/** The used part of a ReadableStream of bytes. */
interface ByteStream {
  pipeThrough(transform: DecompressionStream): ByteStream;
  getReader(): ByteReader;
}
interface ByteReader {
  read(): Promise<{ done: false; value: Uint8Array } | { done: true; value?: undefined }>;
  cancel(): Promise<void>;
}
declare class DecompressionStream {
  constructor(format: 'deflate');
}
