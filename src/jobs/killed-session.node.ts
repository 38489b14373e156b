/**
 * A session of five jobs whose storage dies at one of its writes, and the visit after it. The jobs write
 * through the real keeper and store; what the worker would compute is plain arithmetic here, so that a
 * drawing that goes on from a wrong state ends with another picture.
 */

import { type DrawingSnapshot, isLastEvent, type JobId, type Picture } from '../protocol.ts';
import { completeSettings } from '../settings/draw-settings.ts';
import { type Death, DyingStorage } from './dying-storage.node.ts';
import { type StoredEvent, subjectOf } from './job-events.ts';
import { JobKeeper, type KeeperOptions } from './job-keeper.ts';
import { newJobId } from './job-spec.ts';
import { JobStore } from './job-store.ts';

const JOBS = 5;
const ROUNDS = 2;
const STEPS = 36;
const SIDE = 2;

export interface KilledSession {
  /** Number of writes before the storage died, or all if it did not. */
  readonly writes: number;
  readonly died: boolean;
  /** What went wrong; empty if nothing did. */
  readonly faults: readonly string[];
}

/** @param dieAt the write at which the storage dies, from 1 */
export async function killedSession(dieAt: number, death: Death): Promise<KilledSession> {
  const storage = new DyingStorage(dieAt, death);
  storage.use();
  const promised: Promised = { jobs: new Set(), events: [] };
  await firstVisit(promised).catch(() => undefined);
  const { writes, dead: died } = storage;
  storage.revive();
  const faults = await nextVisit(promised);
  return { writes, died, faults };
}

/** What the store has reported as written. */
interface Promised {
  readonly jobs: Set<JobId>;
  readonly events: { readonly id: JobId; readonly index: number; readonly event: StoredEvent }[];
}

async function firstVisit(promised: Promised): Promise<void> {
  const store = await JobStore.open({ onSuperseded: () => undefined });
  let failed = false;
  const keeper = keeperOf(store, 'first tab', promised, () => {
    failed = true;
  });
  const ids = Array.from({ length: JOBS }, () => newJobId());
  for (const [i, id] of ids.entries()) {
    keeper.queued({
      version: 1,
      id,
      createdMs: Date.now(),
      model: { key: 'built-in', name: 'Built-in model' },
      kind: 'draw',
      prompt: `picture ${i}`,
      inputs: [{ file: new Blob([`reference ${i}`]), name: 'reference.png' }],
      settings: completeSettings({ steps: STEPS }, { trainedSide: 128, seed: i }),
      rounds: ROUNDS,
      size: { width: SIDE, height: SIDE },
      settingsName: 'balanced',
    });
  }
  for (const id of ids) {
    // A dead page does nothing more.
    if (failed) break;
    await draw(keeper, id, undefined);
  }
  store.close();
}

async function nextVisit(promised: Promised): Promise<string[]> {
  const store = await JobStore.open({ onSuperseded: () => undefined });
  const faults: string[] = [];
  const failures: unknown[] = [];
  const keeper = keeperOf(store, 'next tab', { jobs: new Set(), events: [] }, (cause) =>
    failures.push(cause),
  );
  const found = new Map((await store.list()).map((job) => [job.spec.id, job]));
  for (const id of promised.jobs) if (!found.has(id)) faults.push(`the job ${id} is lost`);
  for (const { id, index, event } of promised.events) {
    const kept = found.get(id)?.events[index];
    if (JSON.stringify(kept) !== JSON.stringify(event))
      faults.push(`event ${index} of the job ${id} is lost`);
  }
  for (const { spec, events } of await store.adopt('next tab', () => false)) {
    keeper.goesOn(spec.id, events);
    await draw(keeper, spec.id, await store.snapshotOf(spec.id));
  }
  faults.push(...failures.map((cause) => `the next visit cannot write: ${cause}`));
  for (const { spec, events } of await store.list()) {
    const names = events.map(subjectOf);
    if (new Set(names).size !== names.length) faults.push(`the job ${spec.id} has an event twice`);
    if (events.filter(isLastEvent).length !== 1) faults.push(`the job ${spec.id} did not end once`);
    if (await store.snapshotOf(spec.id)) faults.push(`the snapshot of the job ${spec.id} is left over`);
    for (const input of spec.inputs)
      if (!(await store.blob(input.blob))) faults.push(`a reference of the job ${spec.id} is lost`);
    for (const event of events) {
      if (event.type !== 'picture') continue;
      const bytes = await (await store.blob(event.picture.blob))?.arrayBuffer();
      const expected = pixels(unbroken(spec.id, event.round));
      if (!bytes || Buffer.compare(Buffer.from(bytes), Buffer.from(expected)) !== 0)
        faults.push(`round ${event.round} of the job ${spec.id} has another picture`);
    }
  }
  store.close();
  return faults;
}

function keeperOf(
  store: JobStore,
  owner: string,
  promised: Promised,
  onFailure: (cause: unknown) => void,
): JobKeeper {
  const noting: KeeperOptions['store'] = {
    async put(spec, ...rest) {
      await store.put(spec, ...rest);
      promised.jobs.add(spec.id);
    },
    async append(id, index, event, ...rest) {
      await store.append(id, index, event, ...rest);
      promised.events.push({ id, index, event });
    },
    snapshot: (id, snapshot) => store.snapshot(id, snapshot),
  };
  return new JobKeeper({
    store: noting,
    owner,
    encode: async ({ data }) => new Blob([data]),
    onWritten: () => undefined,
    onFailure: (_, cause) => onFailure(cause),
  });
}

/** Draws a job from a state, or from the beginning, and waits until everything is written. */
async function draw(keeper: JobKeeper, id: JobId, from: DrawingSnapshot | undefined): Promise<void> {
  const finished = [...(from?.finished ?? [])];
  let { step, value } = { step: from?.drawing?.step ?? 0, value: from?.drawing?.latents[0] ?? start(id) };
  const timed = { drawMs: 1, critiqueMs: 1 };
  for (let round = finished.length + 1; round <= ROUNDS; round++) {
    for (; step < STEPS; step++) {
      const text = { prompt: new Float32Array(1), notes: [] };
      const drawing = { step, latents: Float32Array.of(value), history: [], text, references: [] };
      keeper.snapshot(id, { finished, drawing, notes: [], spentMs: 0 });
      // The store is sometimes slower than the drawing, and sometimes not.
      if (step % 2 === 0) await keeper.written(id);
      value = next(value);
      keeper.event(id, { type: 'denoising', round, step: step + 1, steps: STEPS, elapsedMs: 1 });
    }
    const picture: Picture = { width: SIDE, height: SIDE, data: pixels(value) };
    keeper.event(id, { type: 'picture', round, picture, drawMs: 1 });
    const outcome = round === ROUNDS ? 'accept' : 'fix';
    const report = { round, instruction: 'draw', critique: 'good', outcome, ...timed } as const;
    keeper.event(id, { type: 'round', report });
    finished.push({ ...report, picture });
    keeper.snapshot(id, { finished: [...finished], notes: [], spentMs: 0 });
    step = 0;
    value = next(value);
  }
  const result = { type: 'picture', round: ROUNDS, rounds: ROUNDS, notes: [], totalMs: 1 } as const;
  const last = keeper.written(id);
  keeper.event(id, { type: 'done', result });
  await last;
  await keeper.written(id);
}

function start(id: JobId): number {
  return Number.parseInt(id.slice(-4), 36) % 1000;
}

function next(value: number): number {
  return (value * 31 + 7) % 65_521;
}

/** The state of a drawing when a round has ended. */
function unbroken(id: JobId, round: number): number {
  let value = start(id);
  for (let i = 1; i < round * (STEPS + 1); i++) value = next(value);
  return value;
}

function pixels(value: number): Uint8ClampedArray<ArrayBuffer> {
  return Uint8ClampedArray.from({ length: 4 * SIDE * SIDE }, (_, i) => (value >> (i % 16)) % 256);
}
