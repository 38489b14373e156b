/**
 * Every message between the page and the models worker, which checks picked folders and installs, verifies
 * and deletes models: a zod schema for each direction.
 *
 * Each request has a name. It is answered by any number of `progress` and then by one of `checked`, `done`,
 * `paused` or `failed`. `models` comes whenever the list of models has changed.
 */

import * as z from 'zod/mini';
import { errorReport, fields, folderSource, list } from './protocol.ts';

/** Names one request for as long as page and worker live. */
export type RequestId = string & { readonly brand: 'RequestId' };

const text = z.string();
const bytes = z.number();
const request = z.custom<RequestId>((value) => typeof value === 'string', 'the name of a request');
/** Access token for gated repositories. It is never stored. */
const token = z.optional(text);

/** What the page may send. */
export const toModelsSchema = z.discriminatedUnion('type', [
  /** Asks for `models`. */
  fields({ type: z.literal('list') }),
  /** Reads the configurations and headers of a picked folder. Answer: `checked`. */
  fields({ type: z.literal('check'), request, folder: folderSource }),
  /** Installs from a hub (`owner/name`) or from a web address. */
  fields({ type: z.literal('install'), request, address: text, token }),
  /** Converts a picked folder into the browser's storage. */
  fields({ type: z.literal('convert'), request, folder: folderSource }),
  /** Goes on with a partial model. Those made from a folder need the folder again. */
  fields({ type: z.literal('resume'), request, id: text, token, folder: z.optional(folderSource) }),
  /** Compares the hashes of all files and repairs those that are damaged. */
  fields({ type: z.literal('verify'), request, id: text, token, folder: z.optional(folderSource) }),
  /** Stops a request. What is finished stays. */
  fields({ type: z.literal('pause'), request }),
  fields({ type: z.literal('delete'), request, id: text }),
]);
export type ToModels = z.infer<typeof toModelsSchema>;

const installedModel = fields({
  id: text,
  name: text,
  source: z.optional(fields({ kind: z.enum(['hub', 'address', 'folder']), address: text })),
  state: z.enum(['complete', 'partial', 'damaged']),
  sizeBytes: bytes,
  /** Finished bytes of the source, out of `totalBytes`. */
  doneBytes: bytes,
  totalBytes: bytes,
  weights: z.optional(text),
  createdAt: z.number(),
});
/** A model in the browser's storage. */
export type InstalledModel = z.infer<typeof installedModel>;

const storageSpace = fields({
  usedBytes: bytes,
  /** What the browser says that it would store. It may refuse earlier. */
  quotaBytes: z.optional(bytes),
  /** Whether the browser has promised not to delete the storage by itself. */
  persisted: z.optional(z.boolean()),
});
export type StorageSpace = z.infer<typeof storageSpace>;

const installProgress = fields({
  id: text,
  phase: z.enum(['listing', 'downloading', 'converting', 'verifying', 'waiting']),
  file: z.optional(text),
  /** Finished bytes of the source, out of `totalBytes`. Both are 0 while `listing`. */
  doneBytes: bytes,
  totalBytes: bytes,
  /** Size of the model once it is installed, if known. */
  installedBytes: z.optional(bytes),
  /** A sentence for the person. */
  note: z.optional(text),
});
export type InstallProgress = z.infer<typeof installProgress>;

export const folderSummary = fields({
  sizeBytes: bytes,
  /** How most of its weights are stored. */
  weights: z.enum(['float32', 'float16', 'bfloat16', '8-bit', '4-bit']),
  /** Side in pixels of the square pictures that the model was trained on. */
  trainedSide: z.int(),
});
/** What a picked folder holds. */
export type FolderSummary = z.infer<typeof folderSummary>;

const outcome = z.discriminatedUnion('type', [
  fields({ type: z.literal('installed'), model: installedModel }),
  fields({
    type: z.literal('verified'),
    checkedFiles: z.int(),
    /** Files that were damaged and are whole again, by path. */
    repaired: list(text),
  }),
  fields({ type: z.literal('deleted') }),
]);
export type ModelsOutcome = z.infer<typeof outcome>;

/** What the worker may send. */
export const fromModelsSchema = z.discriminatedUnion('type', [
  fields({ type: z.literal('models'), models: list(installedModel), space: storageSpace }),
  fields({ type: z.literal('progress'), request, progress: installProgress }),
  fields({ type: z.literal('checked'), request, summary: folderSummary }),
  fields({ type: z.literal('done'), request, outcome }),
  fields({ type: z.literal('paused'), request }),
  /** Without a request, the list of models could not be read. */
  fields({ type: z.literal('failed'), request: z.optional(request), error: errorReport }),
]);
export type FromModels = z.infer<typeof fromModelsSchema>;
