/**
 * Reads and writes texts in PNG files: tEXt, zTXt and iTXt chunks.
 * Source of the format: PNG specification (Third Edition), 5.3 and 11.3.3
 */

import CRC32 from 'crc-32';
import { OmniError } from '../../errors.ts';
import { concatBytes, latin1, viewOf } from '../bytes.ts';
import { inflate } from '../formats/inflate.ts';
import {
  CHUNK_FRAME,
  isIntact,
  isPng,
  PNG_SIGNATURE,
  type PngChunk,
  pngChunks,
} from '../formats/png-chunks.ts';

/** Longer texts, also compressed ones, are refused. */
export const MAX_TEXT_BYTES = 4_000_000;
/** Shorter texts are stored uncompressed. */
const COMPRESSED_FROM_BYTES = 1024;
const TEXT_CHUNKS: readonly string[] = ['tEXt', 'zTXt', 'iTXt'];
/** Source: 11.3.3.1 */
const MAX_KEYWORD_BYTES = 79;

/**
 * The text with a keyword. Of several, the first one. Undefined if the file is not a PNG or has no such text.
 *
 * Memory stays below three times {@link MAX_TEXT_BYTES}, whatever the file claims.
 *
 * @example
 * const parameters = await readPngText(bytes, 'parameters', 'cat.png');
 *
 * @param name how messages name the picture
 * @throws OmniError `bad_image` if the text is damaged, cut off, or longer than 4 MB
 */
export async function readPngText(
  bytes: Uint8Array,
  keyword: string,
  name: string,
): Promise<string | undefined> {
  if (!isPng(bytes)) return undefined;
  for (const chunk of pngChunks(bytes)) {
    if (!hasKeyword(chunk, keyword)) continue;
    if (chunk.end > bytes.length) throw damagedText(name, 'the file ends before it does');
    if (chunk.content.length > MAX_TEXT_BYTES + 1024) throw longText(name);
    if (!isIntact(bytes, chunk)) throw damagedText(name, 'its checksum is wrong');
    return textOf(chunk.type, chunk.content.subarray(keyword.length + 1), name);
  }
  return undefined;
}

/**
 * The PNG with a text as an iTXt chunk in front of its pixels. Replaces the texts that have this keyword.
 * The pixels and all other chunks stay as they are.
 *
 * @example
 * const marked = await withPngText(png, 'parameters', 'a red house\nSteps: 20, Seed: 7');
 *
 * @param keyword 1 to 79 characters of Latin-1
 * @throws OmniError `bad_image` if the file is not a PNG; `bad_request` if the text is longer than 4 MB
 */
export async function withPngText(
  png: Uint8Array,
  keyword: string,
  text: string,
): Promise<Uint8Array<ArrayBuffer>> {
  if (!isPng(png)) {
    throw new OmniError({
      code: 'bad_image',
      message: 'A text can be added to PNG files only.',
      action: 'Save the picture as PNG.',
    });
  }
  if (keyword.length === 0 || keyword.length > MAX_KEYWORD_BYTES) throw new Error(`keyword ${keyword}`);
  const plain = new TextEncoder().encode(text);
  if (plain.length > MAX_TEXT_BYTES) {
    throw new OmniError({
      code: 'bad_request',
      message: `A text of ${megabytes(plain.length)} does not fit into a picture; the limit is ${megabytes(MAX_TEXT_BYTES)}.`,
      action: 'Save the picture without its session.',
    });
  }
  const compressed = plain.length >= COMPRESSED_FROM_BYTES;
  const body = compressed ? await deflate(plain) : plain;
  const head = Uint8Array.from([...latin1Bytes(keyword), 0, compressed ? 1 : 0, 0, 0, 0]);
  const added = chunkBytes('iTXt', concatBytes([head, body]));
  const parts: Uint8Array[] = [png.subarray(0, PNG_SIGNATURE.length)];
  let isWritten = false;
  for (const chunk of pngChunks(png)) {
    if (!isWritten && (chunk.type === 'IDAT' || chunk.type === 'IEND')) {
      parts.push(added);
      isWritten = true;
    }
    if (!hasKeyword(chunk, keyword)) parts.push(png.subarray(chunk.start, chunk.end));
  }
  return new Uint8Array(concatBytes(parts));
}

function hasKeyword({ type, content }: PngChunk, keyword: string): boolean {
  return TEXT_CHUNKS.includes(type) && latin1(content, 0, keyword.length + 1) === `${keyword}\0`;
}

/** @param content what follows the keyword */
async function textOf(type: string, content: Uint8Array, name: string): Promise<string> {
  if (type === 'tEXt') return decodeLatin1(content);
  if (type === 'zTXt') return decodeLatin1(await inflated(content.subarray(1), name));
  // The compression's flag and method, the language and the translated keyword.
  const language = content.indexOf(0, 2);
  const translated = language < 0 ? -1 : content.indexOf(0, language + 1);
  if (translated < 0) throw damagedText(name, 'its header has no end');
  const body = content.subarray(translated + 1);
  const plain = content[0] === 1 ? await inflated(body, name) : body;
  if (plain.length > MAX_TEXT_BYTES) throw longText(name);
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(plain);
  } catch (cause) {
    throw damagedText(name, 'it is not UTF-8', cause);
  }
}

async function inflated(compressed: Uint8Array, name: string): Promise<Uint8Array> {
  const plain = await inflate(compressed, MAX_TEXT_BYTES + 1).catch((cause: unknown) => {
    throw damagedText(name, 'it cannot be decompressed', cause);
  });
  if (plain.length > MAX_TEXT_BYTES) throw longText(name);
  return plain;
}

async function deflate(plain: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const stream = new Blob([plain]).stream().pipeThrough(new CompressionStream('deflate'));
  const parts: Uint8Array[] = [];
  for (const reader = stream.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return concatBytes(parts);
    parts.push(value);
  }
}

function chunkBytes(type: string, content: Uint8Array): Uint8Array {
  const chunk = new Uint8Array(CHUNK_FRAME + content.length);
  const view = viewOf(chunk);
  view.setUint32(0, content.length);
  chunk.set(latin1Bytes(type), 4);
  chunk.set(content, 8);
  view.setInt32(8 + content.length, CRC32.buf(chunk.subarray(4, 8 + content.length)));
  return chunk;
}

function latin1Bytes(text: string): number[] {
  return Array.from(text, (letter) => letter.charCodeAt(0));
}

/** TextDecoder's "latin1" is Windows-1252, which differs from 0x80 to 0x9f. */
function decodeLatin1(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 8192)
    text += latin1(bytes, at, Math.min(8192, bytes.length - at));
  return text;
}

function damagedText(name: string, why: string, cause?: unknown): OmniError {
  return new OmniError({
    code: 'bad_image',
    message: `The text inside ${name} is damaged: ${why}.`,
    action: 'Use the picture as a reference, or get the file again from where it came from.',
    cause,
  });
}

function longText(name: string): OmniError {
  return new OmniError({
    code: 'bad_image',
    message: `The text inside ${name} is longer than ${megabytes(MAX_TEXT_BYTES)}.`,
    action: 'Use the picture as a reference.',
  });
}

function megabytes(bytes: number): string {
  return `${Math.round(bytes / 1e6).toLocaleString('en')} MB`;
}
