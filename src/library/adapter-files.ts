/** Adapters in the form that the worker takes. */

import type { AdapterFile } from '../protocol.ts';
import { ADAPTER_STRENGTH } from '../settings/job-settings.ts';
import type { AdapterOptions } from './types.ts';

/**
 * Gives every adapter a strength and a name. Names that a page gives are kept. Names of files are numbered if
 * they repeat, because diffusers calls every file `pytorch_lora_weights.safetensors`.
 */
export function adapterFiles(adapters: readonly AdapterOptions[]): AdapterFile[] {
  const taken = new Set(adapters.flatMap(({ name }) => (name === undefined ? [] : [name])));
  return adapters.map(({ file, settings, strength = ADAPTER_STRENGTH.default, name }, i) => {
    const usual = file instanceof File && file.name !== '' ? file.name : `adapter ${i + 1}`;
    return { name: name ?? unused(usual, taken), file, settings, strength };
  });
}

function unused(usual: string, taken: Set<string>): string {
  let name = usual;
  for (let number = 2; taken.has(name); number++) name = `${usual} (${number})`;
  taken.add(name);
  return name;
}
