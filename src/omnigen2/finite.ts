/** Stops at numbers that are none, which damaged weights and overflows leave: a picture of them would be black. */

import type { ComponentName } from '../checkpoints/checkpoint.ts';
import { OmniError } from '../errors.ts';

/**
 * Gives the values back if all of them are finite.
 * @param component the part of the checkpoint that computed them
 * @param what names the values in the message
 * @throws OmniError `bad_checkpoint` if one is not
 */
export function finite(values: Float32Array, component: ComponentName, what: string): Float32Array {
  const wrong = values.find((value) => !Number.isFinite(value));
  if (wrong === undefined) return values;
  throw new OmniError({
    code: 'bad_checkpoint',
    message: `${component}/: the ${what} came out as ${wrong}, so that its weights are damaged or too large for this device.`,
    action: `Fetch the files of ${component}/ again; if they are whole, convert the checkpoint with --weights f32.`,
  });
}
