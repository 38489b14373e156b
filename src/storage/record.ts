/**
 * What the store keeps about a model, in `model.json` beside its files, and the journal of an install that is
 * not complete yet.
 */

import { z } from 'zod';
import { WEIGHT_FORMATS } from '../checkpoints/conversion/plan.ts';
import { MAX_FILE_BYTES } from './limits.ts';
import type { StoredSource } from './models.ts';
import type { Version } from './version.ts';

const versionSchema = z.object({ etag: z.string().optional(), modified: z.string().optional() });
const sizeBytes = z.number().int().nonnegative().max(MAX_FILE_BYTES);
const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

const listedFileSchema = z.object({
  path: z.string(),
  sizeBytes,
  sha256: sha256.optional(),
});

const storedFileSchema = z.object({ path: z.string(), sizeBytes, sha256 });

/** A file of an installed model. */
export type StoredFile = z.infer<typeof storedFileSchema>;

/** A file of the source. */
export type ListedFile = z.infer<typeof listedFileSchema>;

const recordSchema = z.object({
  format: z.literal(1),
  id: z.string(),
  name: z.string(),
  source: z.object({ kind: z.enum(['hub', 'address', 'folder']), address: z.string() }),
  /** Everything of the source that is needed to go on. */
  origin: z.discriminatedUnion('kind', [
    z.object({
      kind: z.literal('hub'),
      repository: z.string(),
      revision: z.string().optional(),
      host: z.string().optional(),
    }),
    z.object({
      kind: z.literal('address'),
      url: z.string(),
      mirrors: z.array(z.string()).readonly().optional(),
    }),
    z.object({ kind: z.literal('folder') }),
  ]),
  /** Whether the source is stored as it is or converted, once that is known. */
  kind: z.enum(['bundle', 'checkpoint']).optional(),
  /** Addresses of the folder with the files: the source, then its mirrors. Empty for a picked folder. */
  baseUrls: z.array(z.string()),
  weights: z.enum(WEIGHT_FORMATS).optional(),
  createdAt: z.number(),
  state: z.enum(['partial', 'complete']),
  /** Bytes of the source that have to be read, or 0 before that is known. */
  totalBytes: z.number(),
  /** Files of the source, once they are listed. */
  listing: z.array(listedFileSchema).optional(),
  /** The stored files, once the model is complete. */
  files: z.array(storedFileSchema).optional(),
});

/** What is known about a model. */
export type ModelRecord = Omit<z.infer<typeof recordSchema>, 'source'> & { readonly source: StoredSource };

/** A record from its stored form, or undefined if it is damaged. */
export function parseRecord(text: string): ModelRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

const entrySchema = z.object({
  file: z.string(),
  /** The first `bytes` bytes of the file are finished. */
  bytes: sizeBytes,
  version: versionSchema.optional(),
  /** Which of the addresses it comes from. */
  base: z.string().optional(),
  /** Present if the whole file is finished and at its place. */
  sha256: sha256.optional(),
});

/** Progress of one file. The last entry of a file counts. */
export interface JournalEntry {
  readonly file: string;
  readonly bytes: number;
  readonly version?: Version;
  readonly base?: string;
  readonly sha256?: string;
}

/** The entries of a journal by file. A crash may have left half a line at the end. */
export function parseJournal(text: string): Map<string, JournalEntry> {
  const entries = new Map<string, JournalEntry>();
  for (const line of text.split('\n')) {
    const entry = parseEntry(line);
    if (entry) entries.set(entry.file, entry);
  }
  return entries;
}

function parseEntry(line: string): JournalEntry | undefined {
  if (line === '') return undefined;
  try {
    return entrySchema.parse(JSON.parse(line));
  } catch {
    return undefined;
  }
}
