/**
 * A web server for tests, with the faults of real ones. It serves files from memory with ranges and ETags,
 * and the API of a model hub for the repository `owner/model`. It records every byte that it sends.
 */

import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';

/** What is wrong with one answer. */
export type Fault =
  /** The connection is cut after so many bytes of the body. */
  | { readonly kind: 'cut'; readonly afterBytes: number }
  /** No further byte follows after so many, and the connection stays open. */
  | { readonly kind: 'stall'; readonly afterBytes: number }
  /** The body comes in pieces with pauses. */
  | { readonly kind: 'slow'; readonly pieceBytes: number; readonly pauseMs: number }
  /** The byte at this offset of the file is changed. */
  | { readonly kind: 'wrong-byte'; readonly offset: number }
  /** The server ignores ranges. */
  | { readonly kind: 'no-range' }
  /** The server compresses the whole file, and ignores ranges. */
  | { readonly kind: 'gzip' }
  /** The server compresses the range that was asked for. */
  | { readonly kind: 'gzip-range' }
  | { readonly kind: 'status'; readonly status: number; readonly retryAfter?: string }
  | { readonly kind: 'redirect'; readonly to: string };

/** A request for bytes of a file. */
export interface FileRequest {
  readonly path: string;
  /** The start that was asked for. */
  readonly asked: number;
  /** Number of the request for this file, from 1 on. */
  readonly count: number;
  readonly headers: IncomingMessage['headers'];
}

/** The bytes of a file that one answer sent. */
export interface Sent {
  readonly path: string;
  readonly start: number;
  end: number;
}

const HUB_API = '/api/models/owner/model/';
/** The commit of the served repository. */
export const COMMIT = 'c0ffee0000000000000000000000000000000000';
const HUB_FILES = `/owner/model/resolve/${COMMIT}/`;

export class FaultServer {
  /** Served files by path. Tests change them. */
  readonly files: Map<string, Uint8Array>;
  /** Chooses the fault of an answer. It is called before the file is looked up. */
  fault: (request: FileRequest) => Fault | undefined = () => undefined;
  /** Every answer with bytes of a file, in order. */
  readonly sent: Sent[] = [];
  /** Every request, in order. */
  readonly requests: FileRequest[] = [];
  /** The token without which the server refuses. */
  token: string | undefined;
  /** Headers that pages of other origins may send. */
  allowedHeaders = 'Range, If-Range, Authorization';
  /** Headers that pages of other origins may read. */
  exposedHeaders = 'ETag, Content-Range, Accept-Ranges, Link';
  origin = '';
  readonly #server: Server;
  readonly #counts = new Map<string, number>();
  #waiting: { readonly bytes: number; readonly resolve: () => void }[] = [];
  readonly #hashes = new WeakMap<Uint8Array, string>();

  private constructor(files: ReadonlyMap<string, Uint8Array>) {
    this.files = new Map(files);
    this.#server = createServer((request, response) => {
      this.#handle(request, response);
    });
  }

  static async start(files: ReadonlyMap<string, Uint8Array>): Promise<FaultServer> {
    const server = new FaultServer(files);
    await new Promise<void>((resolve) => server.#server.listen(0, '127.0.0.1', resolve));
    const address = server.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the server has no port');
    server.origin = `http://localhost:${address.port}`;
    return server;
  }

  /** Address of the folder with the files. */
  get folder(): string {
    return `${this.origin}/files/`;
  }

  /** Forgets faults and records. */
  reset(): void {
    this.fault = () => undefined;
    this.token = undefined;
    this.sent.length = 0;
    this.requests.length = 0;
    this.#counts.clear();
  }

  /** Bytes sent of all files, or of one. */
  sentBytes(path?: string): number {
    return this.sent
      .filter((each) => path === undefined || each.path === path)
      .reduce((sum, { start, end }) => sum + end - start, 0);
  }

  /** Resolves when so many bytes were sent in total. */
  whenSent(bytes: number): Promise<void> {
    if (this.sentBytes() >= bytes) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ bytes, resolve }));
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #handle(request: IncomingMessage, response: ServerResponse): unknown {
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', this.allowedHeaders);
    response.setHeader('Access-Control-Expose-Headers', this.exposedHeaders);
    response.setHeader('Cross-Origin-Resource-Policy', 'cross-origin');
    const { pathname } = new URL(request.url ?? '/', this.origin);
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    if (this.token !== undefined && request.headers.authorization !== `Bearer ${this.token}`) {
      return response.writeHead(401).end();
    }
    if (pathname.startsWith(HUB_API)) return this.#hub(pathname.slice(HUB_API.length), response);
    const folder = [HUB_FILES, '/files/'].find((prefix) => pathname.startsWith(prefix));
    const path = decodeURIComponent(pathname.slice(folder?.length ?? 1));
    return folder === undefined ? response.writeHead(404).end() : this.#file(request, response, path);
  }

  #hashOf(bytes: Uint8Array): string {
    const hash = this.#hashes.get(bytes) ?? sha256(bytes);
    this.#hashes.set(bytes, hash);
    return hash;
  }

  #wake(): void {
    const sent = this.sentBytes();
    const due = this.#waiting.filter(({ bytes }) => bytes <= sent);
    this.#waiting = this.#waiting.filter(({ bytes }) => bytes > sent);
    for (const { resolve } of due) resolve();
  }

  #hub(path: string, response: ServerResponse): unknown {
    const json = (value: unknown) =>
      response.setHeader('Content-Type', 'application/json').end(JSON.stringify(value));
    if (path === 'revision/main') return json({ sha: COMMIT });
    if (path !== `tree/${COMMIT}`) return response.writeHead(404).end();
    return json(
      [...this.files].map(([file, bytes]) => ({
        type: 'file',
        path: file,
        size: bytes.length,
        ...(file.endsWith('.safetensors') && { lfs: { oid: this.#hashOf(bytes) } }),
      })),
    );
  }

  #file(request: IncomingMessage, response: ServerResponse, path: string): unknown {
    const asked = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '');
    const count = (this.#counts.get(path) ?? 0) + 1;
    this.#counts.set(path, count);
    const seen: FileRequest = { path, asked: Number(asked?.[1] ?? 0), count, headers: request.headers };
    this.requests.push(seen);
    const fault = this.fault(seen);
    const bytes = this.files.get(path);
    if (!bytes) return response.writeHead(404).end();
    const etag = `"${this.#hashOf(bytes).slice(0, 16)}"`;
    const condition = request.headers['if-range'];
    const ranged = asked !== null && (condition === undefined || condition === etag);
    const start = ranged ? Number(asked[1]) : 0;
    if (fault?.kind === 'status') {
      if (fault.retryAfter !== undefined) response.setHeader('Retry-After', fault.retryAfter);
      return response.writeHead(fault.status).end();
    }
    if (fault?.kind === 'redirect') return response.writeHead(302, { Location: fault.to }).end();
    response.setHeader('ETag', etag);
    if (fault?.kind === 'gzip') {
      response.writeHead(200, { 'Content-Encoding': 'gzip' });
      return this.#send(request, response, path, 0, gzipSync(bytes), undefined, bytes.length);
    }
    if (!ranged || fault?.kind === 'no-range') {
      response.writeHead(200, { 'Content-Length': bytes.length });
      return this.#send(request, response, path, 0, bytes, fault);
    }
    if (start >= bytes.length) {
      return response.writeHead(416, { 'Content-Range': `bytes */${bytes.length}` }).end();
    }
    const end = Math.min(asked?.[2] ? Number(asked[2]) + 1 : bytes.length, bytes.length);
    const part = bytes.subarray(start, end);
    const range = { 'Content-Range': `bytes ${start}-${end - 1}/${bytes.length}` };
    if (fault?.kind === 'gzip-range') {
      response.writeHead(206, { ...range, 'Content-Encoding': 'gzip' });
      return this.#send(request, response, path, start, gzipSync(part), undefined, 0);
    }
    response.writeHead(206, { ...range, 'Content-Length': part.length });
    return this.#send(request, response, path, start, part, fault);
  }

  /** @param count bytes of the file that `body` stands for, if it is compressed */
  #send(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    start: number,
    body: Uint8Array,
    fault: Fault | undefined,
    count = body.length,
  ): void {
    if (request.method === 'HEAD') {
      response.end();
      return;
    }
    const sent: Sent = { path, start, end: start };
    this.sent.push(sent);
    let bytes = body;
    if (fault?.kind === 'wrong-byte' && fault.offset >= start && fault.offset < start + body.length) {
      bytes = body.slice();
      bytes[fault.offset - start] ^= 0xff;
    }
    const pieceBytes = fault?.kind === 'slow' ? fault.pieceBytes : 32_768;
    const limit = fault?.kind === 'cut' || fault?.kind === 'stall' ? fault.afterBytes : bytes.length;
    const pauseMs = fault?.kind === 'slow' ? fault.pauseMs : 0;
    let at = 0;
    const next = (): unknown => {
      if (response.destroyed) return undefined;
      if (at >= Math.min(limit, bytes.length)) {
        if (fault?.kind === 'cut' && limit < bytes.length) return response.destroy();
        if (fault?.kind === 'stall' && limit < bytes.length) return undefined;
        return response.end();
      }
      const piece = bytes.subarray(at, Math.min(at + pieceBytes, limit));
      at += piece.length;
      sent.end = Math.min(start + at, start + count);
      this.#wake();
      // Waits for the client, so that not more is counted than what it can have received.
      return response.write(piece, () => (pauseMs > 0 ? setTimeout(next, pauseMs) : setImmediate(next)));
    };
    next();
  }
}

export function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
