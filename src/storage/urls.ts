/** Addresses of files in a folder. */

/** The address of a file. `base` ends with `/`; `path` is relative, with `/`. */
export function fileUrl(base: string, path: string): string {
  return base + path.split('/').map(encodeURIComponent).join('/');
}

/** An address of a folder, with a `/` at its end. */
export function folderUrl(url: string): string {
  return url.endsWith('/') ? url : `${url}/`;
}
