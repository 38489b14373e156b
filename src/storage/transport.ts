/**
 * Fetches byte ranges of files over HTTP. A connection that is cut or stalls is opened again at the next
 * byte; an answer of 429 or 503 is waited for; a file that changed on the server is noticed.
 * Source of the rules: RFC 9110, sections 13 (conditional requests), 14 (range requests) and 15 (statuses)
 */

import { connectionLost, networkWords, refusedByServer } from './transport-errors.ts';
import { ifRange, type Version, versionOf, versionsDiffer } from './version.ts';

/** A file on a server. The transport fills in what it learns. */
export interface RemoteFile {
  /** Path for messages. */
  readonly path: string;
  readonly url: string;
  sizeBytes?: number;
  /** ETag and date of the file. Every later answer must have the same. */
  version?: Version;
  /** True if the server has sent a range, false if it sent the whole file in place of one. */
  ranges?: boolean;
  /** Whether it is asked for whole, without `Range`. For small files. */
  readonly whole?: boolean;
  /** Headers of the last answer. */
  headers?: Headers;
}

export interface TransportOptions {
  /** Access token, and the only origin that gets it. */
  readonly token?: { readonly value: string; readonly origin: string };
  /** Called before a wait, with a sentence for the person. */
  readonly onWait?: (words: string) => void;
  readonly limits?: Partial<TransportLimits>;
}

export interface TransportLimits {
  /** A connection is given up if no byte arrives for this long. Default: 60 s. */
  readonly stallMs: number;
  /** Attempts in a row that bring no byte before the transport gives up. Default: 6. */
  readonly attempts: number;
  /** Wait before the second attempt. It doubles with each further one. Default: 0.5 s. */
  readonly firstWaitMs: number;
  /** Longest wait, and longest `Retry-After` that is waited for. Default: 2 minutes. */
  readonly longestWaitMs: number;
}

const LIMITS: TransportLimits = { stallMs: 60_000, attempts: 6, firstWaitMs: 500, longestWaitMs: 120_000 };

/** Statuses after which the same request may succeed. */
const TRANSIENT: readonly number[] = [408, 425, 429, 500, 502, 503, 504];

/** So many ranges without a byte in a row are taken for ranges that cannot be decoded. */
const EMPTY_RANGES = 3;

/** The server has another version of a file than before, or than the listing says. */
export class FileChanged extends Error {
  override readonly name = 'FileChanged';
  readonly path: string;
  /** What changed: the rest of a sentence whose subject is the file. */
  readonly words: string;
  constructor(path: string, words = 'has changed on the server') {
    super(`${path} ${words}`);
    this.path = path;
    this.words = words;
  }
}

/** An attempt that may succeed if it is made again. */
class TryAgain extends Error {
  /** What the server asked to wait. */
  readonly waitMs: number | undefined;
  constructor(words: string, waitMs?: number, cause?: unknown) {
    super(words, { cause });
    this.waitMs = waitMs;
  }
}

/** How the next request is made. */
interface Manner {
  /** Whether it has `If-Range`. A server of another origin must consent to that (CORS preflight). */
  conditional: boolean;
  /** Whether it has `Range`. Without it the whole file is read through. */
  ranged: boolean;
  /** Ranges in a row whose connection ended before their first byte. */
  emptyRanges: number;
}

/** Servers that do not consent to `If-Range`. Versions are then compared by the ETags of their answers. */
const withoutConditions = new Set<string>();

/** Receives bytes in order. `at` is their offset in the file. */
export type ByteSink = (bytes: Uint8Array<ArrayBuffer>, at: number) => void | Promise<void>;

/**
 * Fetches the bytes of a file from `offset` up to `end`, and gives them to `sink` in order, each once. Stops
 * earlier if the file ends; then `file.sizeBytes` is known.
 * @throws OmniError `unreachable`; {@link FileChanged}; `AbortError`; what `sink` throws
 */
export async function fetchRange(
  signal: AbortSignal,
  file: RemoteFile,
  offset: number,
  end: number,
  sink: ByteSink,
  options: TransportOptions = {},
): Promise<void> {
  const limits = { ...LIMITS, ...options.limits };
  const manner: Manner = {
    conditional: !withoutConditions.has(originOf(file.url)),
    ranged: !file.whole,
    emptyRanges: 0,
  };
  let at = offset;
  let failures = 0;
  while (at < Math.min(end, file.sizeBytes ?? Number.POSITIVE_INFINITY)) {
    const before = at;
    try {
      for await (const bytes of attempt(signal, file, at, end, manner, limits, options.token)) {
        await sink(bytes, at);
        at += bytes.length;
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof TryAgain)) throw error;
      failures = at > before ? 1 : failures + 1;
      if (failures >= limits.attempts || (error.waitMs ?? 0) > limits.longestWaitMs) {
        throw connectionLost(file.url, error.message, error);
      }
      const backoff = Math.min(limits.firstWaitMs * 2 ** (failures - 1), limits.longestWaitMs);
      // Connections that failed together do not return together.
      const waitMs = error.waitMs ?? backoff * (0.75 + Math.random() / 2);
      options.onWait?.(`${file.path}: ${error.message}. The next attempt is in ${inSeconds(waitMs)}.`);
      await sleep(signal, waitMs);
    }
  }
}

/**
 * The bytes that one request brings, from `at` on.
 * @throws TryAgain, FileChanged, OmniError
 */
async function* attempt(
  signal: AbortSignal,
  file: RemoteFile,
  at: number,
  end: number,
  manner: Manner,
  limits: TransportLimits,
  token: TransportOptions['token'],
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const request = new AbortController();
  let stalled = false;
  let timer: ReturnType<typeof setTimeout> | undefined;
  const awaitServer = async <T>(work: Promise<T>): Promise<T> => {
    timer = setTimeout(() => {
      stalled = true;
      request.abort();
    }, limits.stallMs);
    try {
      return await work;
    } catch (cause) {
      signal.throwIfAborted();
      const words = stalled ? `no bytes arrived for ${inSeconds(limits.stallMs)}` : networkWords(cause);
      throw new TryAgain(words, undefined, cause);
    } finally {
      clearTimeout(timer);
    }
  };
  try {
    const asked = fetch(file.url, {
      signal: AbortSignal.any([signal, request.signal]),
      headers: requestHeaders(file, at, end, manner, token),
      cache: 'no-store',
      credentials: 'omit',
    });
    const response = await awaitServer(asked).catch((error: unknown) => {
      // Browsers do not say whether the connection failed or the server did not consent.
      if (isOtherOrigin(file.url)) manner.conditional = !manner.conditional;
      throw error;
    });
    if (!manner.conditional) withoutConditions.add(originOf(file.url));
    const start = checkAnswer(response, file, at, manner, token);
    if (start === undefined) return;
    const reader = response.body?.getReader();
    if (!reader) throw new TryAgain('the answer has no body');
    for (let position = start; position < end; ) {
      const { done, value } = await awaitServer(reader.read()).catch((error: unknown) => {
        if (response.status === 206 && position === start) manner.emptyRanges++;
        // A compressed range cannot be decoded, and other origins may hide that it is compressed.
        if (manner.emptyRanges === EMPTY_RANGES) manner.ranged = false;
        throw error;
      });
      manner.emptyRanges = 0;
      if (done) return checkEnd(file, position, end);
      const piece = value.subarray(Math.max(0, at - position), end - position);
      position += value.length;
      if (file.sizeBytes !== undefined && position > file.sizeBytes) {
        throw new FileChanged(file.path, `is longer than the ${file.sizeBytes} bytes it should have`);
      }
      if (piece.length > 0) yield piece;
    }
  } finally {
    // Ends the response if it was not read to its end.
    request.abort();
  }
}

function requestHeaders(
  file: RemoteFile,
  at: number,
  end: number,
  { conditional, ranged }: Manner,
  token: TransportOptions['token'],
): Headers {
  const headers = new Headers();
  if (ranged) headers.set('Range', `bytes=${at}-${Number.isFinite(end) ? end - 1 : ''}`);
  const condition = file.version && ifRange(file.version);
  if (ranged && conditional && condition !== undefined) headers.set('If-Range', condition);
  // A redirect to another origin loses this header by the rules of fetch.
  if (getsToken(file.url, token)) {
    headers.set('Authorization', `Bearer ${token.value}`);
  }
  return headers;
}

function getsToken(
  url: string,
  token: TransportOptions['token'],
): token is NonNullable<TransportOptions['token']> {
  return token !== undefined && originOf(url) === token.origin;
}

/** @returns offset of the first byte of the body, or undefined if the file has no further bytes */
function checkAnswer(
  { status, headers, url }: Response,
  file: RemoteFile,
  at: number,
  manner: Manner,
  token: TransportOptions['token'],
): number | undefined {
  const range = parseContentRange(headers.get('content-range'));
  if (status === 416) {
    if (range?.sizeBytes === at && (file.sizeBytes ?? at) === at) {
      file.sizeBytes = at;
      return undefined;
    }
    throw new FileChanged(file.path, `ends before byte ${at} on the server`);
  }
  if (TRANSIENT.includes(status)) {
    throw new TryAgain(statusWords(status), retryAfterMs(headers.get('retry-after')));
  }
  if (status !== 200 && status !== 206) {
    const answered = url || file.url;
    const sentToken = getsToken(file.url, token) && getsToken(answered, token);
    throw refusedByServer(answered, status, sentToken);
  }
  file.headers = headers;
  checkVersion(file, versionOf(headers));
  if (status === 206) {
    if (!manner.ranged) throw new TryAgain('the server sent a range that was not asked for');
    const encoding = headers.get('content-encoding') ?? 'identity';
    if (encoding !== 'identity') {
      manner.ranged = false;
      throw new TryAgain(`the server compresses ranges (${encoding})`);
    }
    if (range?.start !== undefined && range.start > at) throw new TryAgain('the server sent another range');
    checkSize(file, range?.sizeBytes);
    file.ranges = true;
    return range?.start ?? at;
  }
  if (at > 0 && manner.ranged) {
    // A server that has sent ranges sends the whole file only if the condition does not hold.
    if (file.ranges === true && manner.conditional && file.version && ifRange(file.version) !== undefined) {
      throw new FileChanged(file.path);
    }
    file.ranges = false;
  }
  if (file.ranges === undefined && headers.get('accept-ranges') === 'none') file.ranges = false;
  return 0;
}

function checkVersion(file: RemoteFile, version: Version): void {
  if (file.version && versionsDiffer(file.version, version)) throw new FileChanged(file.path);
  file.version = { ...version, ...file.version };
}

function checkSize(file: RemoteFile, sizeBytes: number | undefined): void {
  if (sizeBytes === undefined) return;
  if (file.sizeBytes !== undefined && file.sizeBytes !== sizeBytes) {
    throw new FileChanged(file.path, `has ${sizeBytes} bytes on the server instead of ${file.sizeBytes}`);
  }
  file.sizeBytes = sizeBytes;
}

/**
 * At the end of a body: the end of the file if its size was unknown, else a lost connection if it is early.
 */
function checkEnd(file: RemoteFile, position: number, end: number): void {
  if (file.sizeBytes === undefined && file.ranges !== true) file.sizeBytes = position;
  if (position < Math.min(end, file.sizeBytes ?? end)) {
    throw new TryAgain(`the connection ended at byte ${position}`);
  }
}

/** `bytes 0-9/100`, or `bytes * /100` without the space. Source: RFC 9110, section 14.4 */
function parseContentRange(value: string | null): { start?: number; sizeBytes?: number } | undefined {
  const parts = /^bytes (?:(\d{1,15})-\d{1,15}|\*)\/(?:(\d{1,15})|\*)$/.exec(value ?? '');
  if (!parts) return undefined;
  return {
    ...(parts[1] !== undefined && { start: Number(parts[1]) }),
    ...(parts[2] !== undefined && { sizeBytes: Number(parts[2]) }),
  };
}

/** Seconds or a date. Source: RFC 9110, section 10.2.3 */
function retryAfterMs(value: string | null): number | undefined {
  if (value === null) return undefined;
  if (/^\d{1,6}$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

function statusWords(status: number): string {
  if (status === 429) return 'the server asks for fewer requests (status 429)';
  return status === 503 ? 'the server is busy (status 503)' : `the server answered with status ${status}`;
}

function isOtherOrigin(url: string): boolean {
  const { location } = globalThis;
  return location !== undefined && originOf(url) !== location.origin;
}

function originOf(url: string): string {
  return new URL(url).origin;
}

function inSeconds(ms: number): string {
  return `${ms < 10_000 ? Math.round(ms / 100) / 10 : Math.round(ms / 1000)} s`;
}

function sleep(signal: AbortSignal, ms: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', stop);
      resolve();
    }, ms);
    signal.addEventListener('abort', stop, { once: true });
  });
}
