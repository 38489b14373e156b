/** Adapters as the worker takes them. */

import type { AdapterFile } from '../protocol.ts';
import type { AdapterOptions } from './types.ts';

/**
 * Gives every adapter a strength and a name. diffusers calls every file `pytorch_lora_weights.safetensors`: names that come
 * from files are numbered where they repeat. Names that were given stay, for the person knows the adapters by them.
 */
export function adapterFiles(adapters: readonly AdapterOptions[]): AdapterFile[] {
  const taken = new Set(adapters.flatMap(({ name }) => (name === undefined ? [] : [name])));
  return adapters.map(({ file, settings, strength = 1, name }, i) => {
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
