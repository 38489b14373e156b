/** The kernels of a GPU for large models: those that won an earlier race in this browser, or a new race. */

import { createStore, get, set, type UseStore } from 'idb-keyval';
import * as z from 'zod/mini';
import type { Checkpoint } from '../checkpoints/checkpoint.ts';
import { isAbort } from '../errors.ts';
import { PLAIN_KERNELS, raceKernels } from '../omnigen2/device/kernel-race.ts';
import { modelSize } from '../omnigen2/residency/model-size.ts';
import type { Kernels, Runtime } from '../runtime/types.ts';
import { validate } from '../settings/validate.ts';

/** Counts up when the race or its kernels change: stored results of other versions are ignored. */
const VERSION = 1;

const kernelsSchema: z.ZodMiniType<Kernels> = z.readonly(
  z.object({
    compute: z.enum(['float32', 'float16']),
    padded: z.boolean(),
    accuracyLevel: z.optional(z.literal(4)),
  }),
);

/**
 * Sets `runtime.kernels` for a large model on WebGPU. A small model keeps the plain kernels: most of its time
 * is not spent in products. A race that fails chooses the plain kernels and is not stored.
 * @throws AbortError after an abort
 */
export async function setKernels(
  signal: AbortSignal,
  runtime: Runtime,
  checkpoint: Pick<Checkpoint, 'components'>,
): Promise<void> {
  if (runtime.backend !== 'webgpu' || modelSize(checkpoint) === 'small') return;
  const key = JSON.stringify([VERSION, runtime.facts?.adapter, runtime.facts?.features]);
  const store = openStore();
  const known = validate(kernelsSchema, await stored(store, key));
  if (known.ok) {
    runtime.kernels = known.value;
    return;
  }
  try {
    const { chosen, complete } = await raceKernels(runtime, { signal, now: () => performance.now() });
    runtime.kernels = chosen;
    if (complete && store) await set(key, chosen, store).catch(() => undefined);
  } catch (error) {
    if (isAbort(error)) throw error;
    runtime.kernels = PLAIN_KERNELS;
  }
}

/** A browser can refuse storage. The race then runs for each model that is opened. */
function openStore(): UseStore | undefined {
  return globalThis.indexedDB ? createStore('omnigen2-kernels', 'chosen') : undefined;
}

async function stored(store: UseStore | undefined, key: string): Promise<unknown> {
  return store && get(key, store).catch(() => undefined);
}
