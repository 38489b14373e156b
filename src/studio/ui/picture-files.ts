/** Reads picture files and saves drawn pictures. */

import { type Session, writeSession } from '../../archive/session.ts';
import { MAX_REFERENCES } from '../../config/config.ts';
import { type ErrorReport, reportOf } from '../../errors.ts';
import { encodePng } from '../../pictures/encode.web.ts';
import type { Picture } from '../../protocol.ts';
import type { Reference } from '../composer/references.ts';
import { setFileThumbnail } from './file-thumbnails.ts';
import { type PictureInspector, startPictureInspector } from './picture-inspector.ts';
import { saveFile } from './save-file.ts';

/**
 * Downloads the picture as a PNG file.
 * @param session is written into the file
 */
export async function savePicture(picture: Picture, fileName: string, session?: Session): Promise<void> {
  const png = await encodePng(picture);
  if (!session) {
    saveFile(png, fileName);
    return;
  }
  const bytes = await writeSession(new Uint8Array(await png.arrayBuffer()), session);
  saveFile(new Blob([bytes], { type: 'image/png' }), fileName);
}

/** Copies the picture to the clipboard. Rejects if the browser does not allow it. */
export async function copyPicture(picture: Picture): Promise<void> {
  await navigator.clipboard.write([new ClipboardItem({ 'image/png': encodePng(picture) })]);
}

/** Makes a drawn picture a reference. */
export async function referenceOf(picture: Picture, name: string): Promise<Reference> {
  const { width, height } = picture;
  const blob = new File([await encodePng(picture)], name, { type: 'image/png' });
  return { id: crypto.randomUUID(), blob, name, width, height };
}

export interface InspectedPictures {
  readonly references: readonly Reference[];
  /** Notes about the references; each names its file. */
  readonly notes: readonly string[];
  /** Why files cannot be used; each names its file. */
  readonly refusals: readonly ErrorReport[];
  /** Number of files that were skipped because `references` has reached `MAX_REFERENCES`. */
  readonly skipped: number;
}

/** Inspects files in order, until there are `MAX_REFERENCES` references. */
export async function inspectPictures(files: readonly Blob[]): Promise<InspectedPictures> {
  const references: Reference[] = [];
  const notes: string[] = [];
  const refusals: ErrorReport[] = [];
  const inspector = startPictureInspector();
  try {
    for (const file of files) {
      if (references.length === MAX_REFERENCES) break;
      try {
        references.push(await inspectPicture(inspector, file, notes));
      } catch (error) {
        refusals.push(reportOf(error, 'Reading the picture'));
      }
    }
  } finally {
    inspector.close();
  }
  return { references, notes, refusals, skipped: files.length - references.length - refusals.length };
}

/** The name of the picture at `index` of a job, which may come from a place without names. */
export function inputName(file: Blob, index: number): string {
  return file instanceof File ? file.name : `image ${index + 1}`;
}

/** How messages name a picture file. */
export function pictureName(file: Blob): string {
  return file instanceof File && file.name !== '' ? file.name : 'The pasted picture';
}

/** @throws OmniError `bad_image`, or `unreachable` if the file no longer exists */
async function inspectPicture(inspector: PictureInspector, given: Blob, notes: string[]): Promise<Reference> {
  const name = pictureName(given);
  const inspected = await inspector.inspect(given, name);
  const { width, height, file } = inspected;
  // Jobs and saved files have the name, too.
  const blob = new File([file], name, { type: file.type });
  setFileThumbnail(blob, inspected.thumbnail);
  notes.push(...inspected.notes);
  return { id: crypto.randomUUID(), blob, name, width, height };
}

/** A file name made of the prompt and the seed: "a-red-house-48213007.png". */
export function fileNameFor(prompt: string, seed: number): string {
  const slug = prompt
    .toLowerCase()
    .normalize('NFKD')
    .replace(/[^\p{L}\p{N}]+/gu, '-')
    .replace(/^-+|-+$/g, '')
    .slice(0, 48)
    .replace(/-+$/, '');
  return `${slug || 'picture'}-${seed}.png`;
}
