/**
 * Thumbnails of picture files. They show how the model sees a file: rotated by its EXIF orientation, first
 * frame only, over white, in sRGB.
 */

const thumbnails = new WeakMap<Blob, Blob>();

export function setFileThumbnail(file: Blob, thumbnail: Blob): void {
  thumbnails.set(file, thumbnail);
}

/** The thumbnail of a file, or the file itself if it has none. */
export function fileThumbnail(file: Blob): Blob {
  return thumbnails.get(file) ?? file;
}
