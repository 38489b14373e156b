/** Formats whose header can be read. */
export type PictureKind = 'png' | 'jpeg' | 'webp' | 'gif' | 'avif' | 'heic' | 'bmp';

/** What the header of a picture file says. */
export interface PictureHeader {
  /** In pixels, as stored: the EXIF orientation is not applied. 0 if the header does not say. */
  readonly width: number;
  readonly height: number;
  /** More than 1 for an animation. 2 stands for "several" where the header has no count. */
  readonly frames: number;
  /** False if the structure of the file shows that its end is missing. */
  readonly complete: boolean;
}
