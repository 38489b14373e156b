/** Versions of a file on a server, by its ETag and date. Source: RFC 9110, sections 8.8 and 13.1.5 */

export interface Version {
  readonly etag?: string;
  /** The `Last-Modified` date, as the server writes it. */
  readonly modified?: string;
}

/**
 * The version that a response states. Both are missing if a server of another origin does not expose them.
 */
export function versionOf(headers: Headers): Version {
  const etag = headers.get('etag') ?? undefined;
  const modified = headers.get('last-modified') ?? undefined;
  return { ...(etag !== undefined && { etag }), ...(modified !== undefined && { modified }) };
}

/** Whether two versions are certainly not the same. Unknown versions do not differ. */
export function versionsDiffer(a: Version, b: Version): boolean {
  if (a.etag !== undefined && b.etag !== undefined) return opaque(a.etag) !== opaque(b.etag);
  return a.modified !== undefined && b.modified !== undefined && a.modified !== b.modified;
}

/** The value of `If-Range`, or undefined if the version has none: a weak ETag is not allowed there. */
export function ifRange({ etag, modified }: Version): string | undefined {
  return etag !== undefined && !etag.startsWith('W/') ? etag : modified;
}

function opaque(etag: string): string {
  return etag.replace(/^W\//, '');
}
