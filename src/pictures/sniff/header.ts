/** What a header says of a picture file. */

/** The formats whose header can be read. */
export type PictureKind = 'png' | 'jpeg' | 'webp' | 'gif' | 'avif' | 'heic' | 'bmp';

/** What a header says. */
export interface PictureHeader {
  /** As stored; a photo may be turned by its EXIF orientation. 0 if the header does not say. */
  readonly width: number;
  readonly height: number;
  /** More than 1 for an animation; 2 stands for "several" where the header does not count them. */
  readonly frames: number;
  /** False if the file ends before its picture does, as far as its structure shows. */
  readonly complete: boolean;
}
