/** What a large model needs, planned for the tiny model as if its layers were large. */

import { expect, test } from 'vitest';
import { loadTokenizer } from '../omnigen2/language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../omnigen2/model.ts';
import { typicalDrawing } from '../omnigen2/residency/drawings.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { modelNeeds, type PlannedModel } from './model-needs.ts';
import { checkpoint } from './page-fixture.node.ts';

const runtime = nodeRuntime({ threads: 1 });

/** The tiny model, trained on 1024 x 1024 pixels, with a budget of memory. */
function planned(budgetBytes: number, isLarge: boolean): PlannedModel {
  const trainedOn = { ...checkpoint.trainedOn, side: 1024 };
  const model = new OmniGen2Model({ ...checkpoint, trainedOn }, runtime, loadTokenizer, { budgetBytes });
  const { footprint } = model;
  return {
    footprint: { ...footprint, isLarge },
    ...{ budgetBytes, runtime, checkpoint: model.checkpoint },
    planFor: (drawing) => model.planFor(drawing),
  };
}

test('a small model needs nothing that a person has to know', async () => {
  expect(await modelNeeds(planned(1, false))).toBeUndefined();
});

test('with enough memory the drawing has the trained size; an unknown budget is left out', async () => {
  const needs = await modelNeeds(planned(Number.POSITIVE_INFINITY, true));
  expect(needs).toMatchObject({ width: 1024, height: 1024, fits: true, budgetBytes: undefined });
  expect(needs?.advice).toBeUndefined();
  expect(needs?.drawMs).toBeGreaterThan(0);
});

test('without enough memory the drawing is smaller, and it is said what would help', async () => {
  const tight = planned(1, true);
  const { peakBytes } = tight.planFor(typicalDrawing(tight.checkpoint));
  expect(await modelNeeds(planned(peakBytes, true))).toMatchObject({ width: 1024, fits: true });
  expect(await modelNeeds(planned(peakBytes - 1, true))).toMatchObject({ width: 512, fits: true });
  const none = await modelNeeds(tight);
  expect(none).toMatchObject({ width: 256, fits: false, budgetBytes: 1 });
  expect(none?.advice).toMatch(/memory/);
});
