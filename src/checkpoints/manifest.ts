/**
 * `manifest.json` of a served bundle: its files with sizes and hashes. The hashes tell a browser which files
 * it has in its cache.
 */

import { z } from 'zod';
import { OmniError } from '../errors.ts';

/** The characters and the form of paths that can be served under any address. */
const PLAIN_PATH = /^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./-]+$/;

const manifestSchema = z.object({
  format: z.literal(1),
  files: z
    .array(
      z.object({
        /** Path inside the bundle's folder, with `/`. */
        path: z.string().regex(PLAIN_PATH, 'must be a plain path inside the bundle'),
        sizeBytes: z.number().int().nonnegative(),
        /** SHA-256 of the file, hexadecimal. */
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
});

export type Manifest = z.infer<typeof manifestSchema>;
export type ManifestFile = Manifest['files'][number];

export const MANIFEST_FILE = 'manifest.json';

/** Whether a manifest can list a path. */
export function isPlainPath(path: string): boolean {
  return PLAIN_PATH.test(path);
}

/**
 * Parses a manifest.
 * @param where its address, for messages
 * @throws OmniError `bad_checkpoint` with the field that is not valid
 */
export function parseManifest(value: unknown, where: string): Manifest {
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new OmniError({
    code: 'bad_checkpoint',
    message: `The manifest ${where} is not valid: ${issue.path.join('.') || 'the whole'}: ${issue.message}.`,
    action: 'Serve the folder exactly as the conversion wrote it.',
  });
}
