/**
 * The session of a picture inside its PNG file: what was asked for, with which settings, and what happened in
 * each round. Another visit, or another person, can bring it back from the file.
 */

import * as z from 'zod/mini';
import { OmniError } from '../errors.ts';
import { MAX_TEXT_BYTES, readPngText, withPngText } from '../pictures/metadata/png-text.ts';
import { fields, list, milliseconds, round, roundReport } from '../protocol-values.ts';
import { drawSettingsSchema } from '../settings/draw-settings.ts';
import { ROUNDS } from '../settings/job-settings.ts';

/** The keyword of the PNG's iTXt chunk. */
export const SESSION_KEYWORD = 'omnigen2-studio';
/** Raised whenever a session changes its meaning. */
export const SESSION_VERSION = 1;

const MAX_PROMPT_CHARACTERS = 40_000;
const MAX_NAME_CHARACTERS = 500;
const MAX_REFERENCES = 16;
/** About 190 KB of picture. */
const MAX_REFERENCE_CHARACTERS = 256_000;

const name = z.string().check(z.maxLength(MAX_NAME_CHARACTERS));
const side = z.int().check(z.minimum(1), z.maximum(65_536));

const sessionReference = fields({
  name,
  /** In pixels, of the picture that was used. */
  width: side,
  height: side,
  /** A small copy. Absent if the copies would not have fitted into the file. */
  copy: z.optional(
    fields({
      type: z.enum(['image/png', 'image/jpeg', 'image/webp']),
      base64: z.string().check(z.maxLength(MAX_REFERENCE_CHARACTERS), z.regex(/^[A-Za-z0-9+/]*={0,2}$/)),
    }),
  ),
});
export type SessionReference = z.infer<typeof sessionReference>;

const sessionSchema = fields({
  version: z.literal(SESSION_VERSION),
  /** Milliseconds since 1970. */
  createdMs: milliseconds,
  model: fields({ key: name, name }),
  prompt: z.string().check(z.maxLength(MAX_PROMPT_CHARACTERS)),
  /** In order; the first is "image 1". */
  references: list(sessionReference).check(z.maxLength(MAX_REFERENCES)),
  /** With the seed. */
  settings: drawSettingsSchema,
  /** A preset's name, or "custom settings". */
  settingsName: name,
  /** How many rounds the drawing could have. */
  rounds: ROUNDS.schema,
  /** The round whose picture the file is. */
  round,
  /** What happened in each round that has ended. */
  reports: list(roundReport).check(z.maxLength(ROUNDS.max)),
});
/** The session of one picture, as plain JSON. */
export type Session = z.infer<typeof sessionSchema>;

/**
 * The PNG with a session in it. Its pixels do not change, and other programs open it as before. If the
 * session is too long, the copies of the references are left out.
 *
 * @example
 * const saved = await writeSession(new Uint8Array(await blob.arrayBuffer()), session);
 *
 * @throws OmniError `bad_image` if the file is not a PNG
 */
export async function writeSession(png: Uint8Array, session: Session): Promise<Uint8Array<ArrayBuffer>> {
  const whole = JSON.stringify(session);
  // Characters of names and prompts may take four bytes each.
  if (new TextEncoder().encode(whole).length <= MAX_TEXT_BYTES)
    return withPngText(png, SESSION_KEYWORD, whole);
  const references = session.references.map(({ copy: _, ...reference }) => reference);
  return withPngText(png, SESSION_KEYWORD, JSON.stringify({ ...session, references }));
}

/**
 * The session inside a picture file; undefined if there is none.
 * @param file how messages name the picture
 * @throws OmniError `bad_image` if the session is damaged, too long, of a newer version, or not a session
 */
export async function readSession(bytes: Uint8Array, file: string): Promise<Session | undefined> {
  const text = await readPngText(bytes, SESSION_KEYWORD, file);
  if (text === undefined) return undefined;
  const value = parse(text, file);
  const versioned = z.looseObject({ version: z.int() }).safeParse(value);
  if (versioned.success && versioned.data.version > SESSION_VERSION) {
    throw badSession(`The session inside ${file} was written by a newer version of this page.`, RELOAD);
  }
  const read = sessionSchema.safeParse(value);
  if (read.success) return read.data;
  const [issue] = read.error.issues;
  const where = issue && issue.path.length > 0 ? ` (${issue.path.join('.')})` : '';
  throw badSession(
    `The session inside ${file} does not have the form of a session${where}.`,
    USE_PICTURE,
    read.error,
  );
}

const USE_PICTURE = 'Use the picture as a reference.';
const RELOAD = 'Reload this page to get its newest version, or use the picture as a reference.';

function parse(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw badSession(`The session inside ${file} is not valid JSON.`, USE_PICTURE, cause);
  }
}

function badSession(message: string, action: string, cause?: unknown): OmniError {
  return new OmniError({ code: 'bad_image', message, action, cause });
}
