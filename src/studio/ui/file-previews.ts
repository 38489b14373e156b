/** How picture files look when they are used: a file may be turned, moving, transparent, or in colours for print. */

const previews = new WeakMap<Blob, Blob>();

export function rememberPreview(file: Blob, preview: Blob): void {
  previews.set(file, preview);
}

/** What to show for a file that the person gave. */
export function shownFor(file: Blob): Blob {
  return previews.get(file) ?? file;
}
