/** Rejects NaN and infinity, which come from damaged weights and overflows and would give a black picture. */

import type { ComponentName } from '../checkpoints/checkpoint.ts';
import { OmniError } from '../errors.ts';

/**
 * Returns the values if all of them are finite.
 * @param component of the checkpoint that computed them
 * @param what how the message names the values
 * @throws OmniError `bad_checkpoint` for NaN or infinity
 */
export function checkFinite(values: Float32Array, component: ComponentName, what: string): Float32Array {
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return values;
  throw new OmniError({
    code: 'bad_checkpoint',
    message: `${component}/: ${wrong} in the ${what}. The weights are damaged or too large for this device.`,
    action: `Fetch the files of ${component}/ again; if they are whole, convert the checkpoint with --weights f32.`,
  });
}
