/** Reads and writes picture files. Checks them before any long work; writes all files or none. */

import {
  type FileHandle,
  mkdir,
  mkdtemp,
  open,
  realpath,
  rename,
  rm,
  rmdir,
  stat,
  writeFile,
} from 'node:fs/promises';
import { dirname, extname, join, resolve } from 'node:path';
import { checkWritable } from '../src/checkpoints/conversion/writer.node.ts';
import { describeFileError } from '../src/checkpoints/folder.node.ts';
import { OmniError } from '../src/errors.ts';
import { type ReferenceLimits, referenceCheck } from '../src/omnigen2/sizes.ts';
import { checkHead, HEAD_BYTES } from '../src/pictures/check.ts';
import { decodeImage } from '../src/pictures/decode.node.ts';
import { encodePng } from '../src/pictures/encode.node.ts';
import type { AlphaRule, RgbImage, Size } from '../src/pictures/image.ts';

/**
 * Reads and decodes pictures.
 * @param limits the limits of references; undefined for pictures that keep their size
 * @param notes receives sentences for the person
 * @throws OmniError `bad_image` for the first picture that cannot be used
 */
export async function readPictures(
  paths: readonly string[],
  limits: ReferenceLimits | undefined,
  notes: string[],
  alpha: AlphaRule = 'over-white',
): Promise<RgbImage[]> {
  const images: RgbImage[] = [];
  for (const path of paths) {
    const bytes = await pictureBytes(path);
    images.push(
      await decodeImage(bytes, path, { checkSize: limits && referenceCheck(limits), notes, alpha }),
    );
  }
  return images;
}

/** The bytes of a picture file. Checks its type by the first bytes before it reads the rest. */
async function pictureBytes(path: string): Promise<Uint8Array> {
  const handle = await openFile(path);
  try {
    const { size } = await handle.stat();
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.min(size, HEAD_BYTES)), {
      position: 0,
    });
    checkHead(buffer.subarray(0, bytesRead), size, path);
    return await handle.readFile();
  } catch (cause) {
    throw cause instanceof OmniError ? cause : unreadable(path, describeFileError(cause), cause);
  } finally {
    await handle.close();
  }
}

/** Opens a file. Refuses folders, and pipes and devices, which may have no end. */
async function openFile(path: string): Promise<FileHandle> {
  try {
    const info = await stat(path);
    if (info.isDirectory()) throw unreadable(path, 'it is a folder');
    if (!info.isFile()) throw unreadable(path, 'it is a pipe or a device, not a file');
    return await open(path);
  } catch (cause) {
    throw cause instanceof OmniError ? cause : unreadable(path, describeFileError(cause), cause);
  }
}

function unreadable(path: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'bad_image',
    message: `The picture ${path} cannot be read: ${why}.`,
    action: 'Check the path given with --image.',
    cause,
  });
}

/**
 * Checks that a picture can be written to a path and does not overwrite a source.
 * @throws OmniError `bad_request` or `storage`
 */
export async function checkPictureTarget(path: string, sources: readonly string[]): Promise<void> {
  const refuse = (message: string, action: string) => new OmniError({ code: 'bad_request', message, action });
  if (extname(path).toLowerCase() !== '.png') {
    throw refuse(`--out is "${path}", but pictures are written as PNG.`, 'Give a name that ends in .png.');
  }
  const info = await checkWritable(resolve(path)).catch((cause) => {
    throw unwritable(path, cause);
  });
  if (info?.isDirectory())
    throw refuse(`--out is "${path}", which is a folder.`, 'Give the name of a file in it.');
  await checkTakesFiles(dirname(resolve(path))).catch((cause) => {
    throw unwritable(path, cause);
  });
  const target = await realpath(path).catch(() => undefined);
  for (const source of sources) {
    if (target !== undefined && target === (await realpath(source).catch(() => undefined))) {
      throw refuse(
        `--out is "${path}", which is also given with --image and would be lost.`,
        'Choose another name with --out.',
      );
    }
  }
}

/**
 * Creates and removes a folder in the first existing folder of a path. System folders such as /proc have
 * permission bits for writing, but take no files, and Node tries to create folders in them without end.
 */
async function checkTakesFiles(folder: string): Promise<void> {
  const there = await stat(folder).catch(() => undefined);
  if (!there && dirname(folder) !== folder) return checkTakesFiles(dirname(folder));
  await rmdir(await mkdtemp(join(folder, '.picture-')));
}

/**
 * Writes pictures as PNG, all or none. Replaces existing files at the end.
 * @returns the topmost folder that it created; undefined if all folders existed
 * @throws OmniError `storage`
 */
export async function writePictures(pictures: ReadonlyMap<string, RgbImage>): Promise<string | undefined> {
  const parts: [part: string, path: string][] = [];
  let made: string | undefined;
  let current = '';
  try {
    for (const [path, image] of pictures) {
      current = path;
      const folder = dirname(resolve(path));
      made ??= await mkdir(folder, { recursive: true });
      const part = join(folder, `.picture-${process.pid}-${parts.length}.part`);
      parts.push([part, path]);
      await writeFile(part, await encodePng(image));
    }
    for (const [part, path] of parts) {
      current = path;
      await rename(part, path);
    }
    return made;
  } catch (cause) {
    for (const [part] of parts) await rm(part, { force: true }).catch(() => undefined);
    if (made !== undefined) await rm(made, { recursive: true, force: true });
    throw unwritable(current, cause);
  }
}

function unwritable(path: string, cause: unknown): OmniError {
  // The parent folder exists.
  const missing = cause instanceof Error && 'code' in cause && cause.code === 'ENOENT';
  const why = missing ? 'the folder takes no files' : describeFileError(cause);
  return new OmniError({
    code: 'storage',
    message: `${path} cannot be written: ${why}.`,
    action: 'Choose another place with --out.',
    cause,
  });
}

/** The note about a picture without the size of `--size`, which the official program ignores for edits. */
export function otherSizeNote(wanted: Size, drawn: Size): string | undefined {
  if (wanted.width === drawn.width && wanted.height === drawn.height) return undefined;
  return `The picture is ${drawn.width} × ${drawn.height}, not ${wanted.width} × ${wanted.height}: the official program draws an edit at the size of its picture.`;
}
