/**
 * The list of a served bundle's files, `manifest.json` beside them. It names each file's hash, so that a browser knows
 * without asking which bytes it has already.
 */

import { z } from 'zod';
import { OmniError } from '../errors.ts';

const manifestSchema = z.object({
  format: z.literal(1),
  files: z
    .array(
      z.object({
        /** Path below the bundle's folder, with `/`; never outside it. */
        path: z
          .string()
          .regex(/^(?!\/)(?!.*(^|\/)\.\.(\/|$))[\w./-]+$/, 'must be a plain path inside the bundle'),
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

/** @throws OmniError `bad_checkpoint`, naming the field, if `value` is not a manifest */
export function parseManifest(value: unknown, where: string): Manifest {
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  throw new OmniError({
    code: 'bad_checkpoint',
    message: `The manifest ${where} is not valid: ${issue.path.join('.') || 'the whole'}: ${issue.message}`,
    action: 'Serve the bundle as "npm run build" makes it.',
  });
}
