/** The SHA-256 of bytes that are in memory. For files in pieces there is storage/sha256.ts. */

/** @returns 64 hexadecimal digits. Needs a secure context. */
export async function sha256Of(bytes: ArrayBuffer | Uint8Array<ArrayBuffer>): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join('');
}
