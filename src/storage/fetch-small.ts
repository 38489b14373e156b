/** Fetches small files into memory: listings, manifests, configurations. */

import { OmniError } from '../errors.ts';
import { MAX_SMALL_FILE_BYTES } from './limits.ts';
import { fetchRange, type RemoteFile, type TransportOptions } from './transport.ts';
import { shownUrl } from './transport-errors.ts';

/** @throws OmniError `unreachable`; `bad_checkpoint` if it is too long */
export async function fetchSmall(
  signal: AbortSignal,
  url: string,
  transport: TransportOptions,
): Promise<{ bytes: Uint8Array; headers: Headers }> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  const file: RemoteFile = { path: shownUrl(url), url, whole: true };
  await fetchRange(
    signal,
    file,
    0,
    Number.POSITIVE_INFINITY,
    (piece) => {
      length += piece.length;
      if (length > MAX_SMALL_FILE_BYTES) throw tooLong(url);
      pieces.push(piece);
    },
    transport,
  );
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { bytes, headers: file.headers ?? new Headers() };
}

/** @throws OmniError as {@link fetchSmall}; `unreachable` if it is not JSON */
export async function fetchJson(
  signal: AbortSignal,
  url: string,
  transport: TransportOptions,
): Promise<{ json: unknown; headers: Headers }> {
  const { bytes, headers } = await fetchSmall(signal, url, transport);
  try {
    return { json: JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)), headers };
  } catch (cause) {
    throw new OmniError({
      code: 'unreachable',
      message: `${shownUrl(url)} is not JSON: the server sent another page, perhaps the sign-in page of a network.`,
      action: 'Open the address in a tab of the browser to see what the server sends.',
      cause,
    });
  }
}

function tooLong(url: string): OmniError {
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${shownUrl(url)} has more than ${MAX_SMALL_FILE_BYTES / 1e6} MB.`,
    action: 'Check the address: it must be the folder of a model.',
  });
}
