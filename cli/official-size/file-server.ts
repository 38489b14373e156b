/** Serves a folder to pages of other origins, with ranges and ETags. */

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { isPlainPath } from '../../src/checkpoints/manifest.ts';

export interface FileServer {
  /** The address of the folder, with `/` at its end. */
  readonly address: string;
  close(): Promise<void>;
}

/** @example const server = await serveFolder('/models/omnigen2-q4'); */
export async function serveFolder(folder: string): Promise<FileServer> {
  const server = createServer((request, response) => {
    answer(folder, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    address: `http://127.0.0.1:${port}/`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function answer(folder: string, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const headers = {
    'access-control-allow-origin': '*',
    'access-control-allow-headers': '*',
    'access-control-expose-headers': 'content-range, content-length, etag, accept-ranges',
    'cross-origin-resource-policy': 'cross-origin',
    'accept-ranges': 'bytes',
  };
  if (request.method === 'OPTIONS') {
    response.writeHead(204, headers).end();
    return;
  }
  const path = decodeURIComponent(new URL(request.url ?? '/', 'http://localhost').pathname).slice(1);
  const file = join(folder, path);
  const info = isPlainPath(path) ? await stat(file).catch(() => undefined) : undefined;
  if (!info?.isFile()) {
    response.writeHead(404, headers).end();
    return;
  }
  const etag = `"${info.size}-${info.mtimeMs}"`;
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const ifRange = request.headers['if-range'];
  const isPart = first !== undefined && (ifRange === undefined || ifRange === etag);
  const start = isPart ? Number(first) : 0;
  const end = isPart && last ? Math.min(Number(last), info.size - 1) : info.size - 1;
  if (start > end && info.size > 0) {
    response.writeHead(416, { ...headers, 'content-range': `bytes */${info.size}` }).end();
    return;
  }
  response.writeHead(isPart ? 206 : 200, {
    ...headers,
    etag,
    'content-length': info.size === 0 ? 0 : end - start + 1,
    ...(isPart && { 'content-range': `bytes ${start}-${end}/${info.size}` }),
  });
  if (request.method === 'HEAD' || info.size === 0) response.end();
  else createReadStream(file, { start, end }).pipe(response);
}
