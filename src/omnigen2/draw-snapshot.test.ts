/** A drawing that continues from a snapshot ends in the same picture, on the tiny checkpoint. */

import { afterAll, expect, test } from 'vitest';
import type { RgbImage } from '../pictures/image.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import type { DrawSnapshot } from './draw-snapshot.ts';
import { type DrawingSnapshot, drawWithReflection } from './drawing.ts';
import { fixtureCheckpoint, settingsFor } from './fixtures.node.ts';
import { loadTokenizer } from './language/tokenizer.transformers.ts';
import { OmniGen2Model } from './model.ts';
import { type DrawInput, type DrawProgress, draw } from './pipeline.ts';

const checkpoint = await fixtureCheckpoint();
const model = new OmniGen2Model(checkpoint, nodeRuntime(), loadTokenizer);
afterAll(() => model.dispose());

const REFERENCE: RgbImage = {
  width: 48,
  height: 32,
  data: Uint8Array.from({ length: 48 * 32 * 3 }, (_, i) => (i * 7) % 256),
};

const STEPS = 4;

function edit(changes: Partial<DrawInput> = {}): DrawInput {
  return {
    ...settingsFor({ width: 48, height: 32 }),
    prompt: 'A dog running in the park',
    references: [REFERENCE],
    steps: STEPS,
    seed: 5,
    textGuidance: 3,
    imageGuidance: 2,
    ...changes,
  };
}

test.each(['euler', 'dpmsolver++'] as const)('after every step, with %s', async (scheduler) => {
  const input = edit({ scheduler });
  const snapshots: DrawSnapshot[] = [];
  const whole = await draw(model, input, { onSnapshot: (snapshot) => snapshots.push(snapshot) });
  expect(snapshots.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]);
  for (const resume of snapshots) {
    // A copy, as another worker gets it.
    const progress: DrawProgress[] = [];
    const hooks = { resume: structuredClone(resume), onProgress: (at: DrawProgress) => progress.push(at) };
    const { image, notes } = await draw(model, input, hooks);
    expect(image.data).toEqual(whole.image.data);
    expect(notes).toEqual(whole.notes);
    const steps = progress.flatMap((at) => (at.type === 'denoising' ? [at.step] : []));
    expect(steps).toEqual([0, 1, 2, 3, 4].slice(resume.step === STEPS ? STEPS + 1 : resume.step));
    expect(progress.map(({ type }) => type)).not.toContain('encoding-prompt');
  }
});

test('in each of two rounds, and between them', async () => {
  const now = () => 0;
  const snapshots: DrawingSnapshot[] = [];
  const input = edit({ steps: 2 });
  const whole = await drawWithReflection(model, input, 2, {
    now,
    onSnapshot: (snapshot) => snapshots.push(structuredClone(snapshot)),
  });
  const steps = (finished: number) =>
    [0, 1, 2].map((step) => ({ finished: { length: finished }, drawing: { step } }));
  const drawn = { drawn: { picture: { width: 48 } } };
  expect(snapshots).toMatchObject([
    ...[...steps(0), { ...drawn, finished: [] }, { finished: [{ outcome: 'fix' }] }],
    ...[...steps(1), drawn, drawn],
  ]);
  for (const at of [1, 3, 4, 6, 8]) {
    const drawing = await drawWithReflection(model, input, 2, { now, resume: snapshots[at] });
    expect(drawing).toEqual(whole);
  }
});
