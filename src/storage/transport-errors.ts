/** Errors of the transport, in words. */

import { OmniError } from '../errors.ts';

const STATUS_NOT_FOUND: readonly number[] = [404, 410];

/** A status with which a server refuses a request. It is the cause of an {@link OmniError}. */
class RefusedStatus extends Error {
  readonly status: number;
  constructor(status: number) {
    super(`status ${status}`);
    this.status = status;
  }
}

/** Whether the server said that there is no such file. */
export function isNotFound(thrown: unknown): boolean {
  if (!(thrown instanceof OmniError) || !(thrown.cause instanceof RefusedStatus)) return false;
  return STATUS_NOT_FOUND.includes(thrown.cause.status);
}

/**
 * The error for a status that a further attempt does not change.
 * @param sentToken whether the request for `url` had the access token
 */
export function refusedByServer(url: string, status: number, sentToken: boolean): OmniError {
  const shown = shownUrl(url);
  const cause = new RefusedStatus(status);
  if (status === 401 || status === 403) {
    return new OmniError({
      code: 'unreachable',
      permanent: true,
      message: sentToken
        ? `The server refuses the access token for ${shown} (status ${status}).`
        : `The server gives ${shown} only with an access token, or it does not exist (status ${status}).`,
      action: sentToken
        ? 'Check that the token is valid, and that its account has accepted the terms of the model.'
        : 'Give an access token of an account that has accepted the terms of the model, or check the address.',
      cause,
    });
  }
  const notFound = STATUS_NOT_FOUND.includes(status);
  return new OmniError({
    code: 'unreachable',
    permanent: true,
    message: notFound
      ? `There is no ${shown} (status ${status}).`
      : `The server refuses ${shown} (status ${status}).`,
    action: notFound
      ? 'Check the address: it must be the folder with model_index.json or manifest.json.'
      : 'Check the address, or choose another source of the model.',
    cause,
  });
}

/** The error after the last attempt. */
export function connectionLost(url: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'unreachable',
    message: `${shownUrl(url)} could not be read: ${why}.`,
    action:
      'Check the connection, then click “Download”, “Resume” or “Check files” again. What has arrived is kept.',
    cause,
  });
}

/** What a failed fetch means. Browsers do not say more. */
export function networkWords(cause: unknown): string {
  const code = cause instanceof Error && cause.cause instanceof Error ? codeOf(cause.cause) : '';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return 'there is no such server, or no network connection';
  return code === 'ECONNREFUSED' ? 'the server refuses connections' : 'the connection was lost';
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

/** An address without its query, which may hold a signature. */
export function shownUrl(url: string): string {
  const shown = url.replace(/[?#].*$/, '');
  return shown.length > 200 ? `…${shown.slice(-199)}` : shown;
}
