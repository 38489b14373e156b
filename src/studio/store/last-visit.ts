/** Brings back the jobs and the form of the last visit, and keeps the form while it changes. */

import * as z from 'zod/mini';
import type { JobStore } from '../../jobs/job-store.ts';
import type { Reference } from '../composer/references.ts';
import type { KeptJobs } from './kept-jobs.ts';
import type { Studio } from './studio.ts';

/** Name of the references of the form in the store. */
const REFERENCES = 'form references';

const storedReferences = z.array(
  z.object({ name: z.string(), width: z.int(), height: z.int(), file: z.instanceof(Blob) }),
);

/** Shows what was there when the page was left, and follows what other tabs draw. */
export async function bringBack({ store, actions }: Studio, kept: KeptJobs): Promise<void> {
  const stored = await kept.restore().catch((cause: unknown) => {
    console.warn(`The jobs of earlier visits cannot be read: ${cause}`);
    return undefined;
  });
  const open = await kept.store;
  if (open) await bringBackReferences(open, actions.replaceReferences);
  if (stored) {
    actions.addStored(stored);
    const [next] = stored.queue;
    if (next && store.getState().shown === undefined) actions.show(next);
  }
  kept.follow(actions.addStored);
  if (open) keepReferences(open, store);
}

async function bringBackReferences(
  open: JobStore,
  replaceReferences: (references: readonly Reference[]) => void,
): Promise<void> {
  const read = storedReferences.safeParse(await open.value(REFERENCES).catch(() => undefined));
  if (!read.success || read.data.length === 0) return;
  const references = read.data.map(
    ({ file, ...reference }): Reference => ({ ...reference, id: crypto.randomUUID(), blob: file }),
  );
  replaceReferences(references);
}

/** Writes the references of the form whenever they change. */
function keepReferences(open: JobStore, store: Studio['store']): void {
  store.subscribe(({ form: { references } }, before) => {
    if (references === before.form.references) return;
    const values = references.map(({ name, width, height, blob }) => ({ name, width, height, file: blob }));
    open.setValue(REFERENCES, values).catch((cause: unknown) => {
      console.warn(`The pictures in the form are not kept: ${cause}`);
    });
  });
}
