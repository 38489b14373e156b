/** Drawings whose picture or prompt is too small or too long for the critic. */

import { afterAll, beforeAll, expect, it } from 'vitest';
import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { nodeFolder } from '../checkpoints/folder.node.ts';
import type { Size } from '../pictures/image.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { type Drawing, drawWithReflection } from './drawing.ts';
import { settingsFor } from './fixtures.node.ts';
import { loadTokenizer } from './language/tokenizer.transformers.ts';
import { OmniGen2Model } from './model.ts';

let model: OmniGen2Model;

beforeAll(async () => {
  const checkpoint = await openCheckpoint(nodeFolder('fixtures/goldens/model'));
  model = new OmniGen2Model(checkpoint, nodeRuntime({ threads: 1 }), loadTokenizer);
});

afterAll(() => model.dispose());

function drawn(prompt: string, size: Size, using = model): Promise<Drawing> {
  const options = {
    ...settingsFor(size),
    prompt,
    references: [],
    steps: 1,
    seed: 3,
  };
  return drawWithReflection(using, { ...options, textGuidance: 1, imageGuidance: 1 }, 2, { now: () => 0 });
}

it('a picture too small for the critic is kept, with a note', async () => {
  const { picture, rounds, notes } = await drawn('a cat', { width: 16, height: 32 });
  expect(picture).toMatchObject({ width: 16, height: 32 });
  expect(rounds.map(({ outcome }) => outcome)).toEqual(['unclear']);
  expect(notes).toEqual([
    'The picture is 16 × 32 pixels; the language model needs at least 28 pixels a side, so it was not checked.',
  ]);
});

it('a picture too narrow for a model that was trained on small pictures is kept, with a note', async () => {
  const checkpoint = await openCheckpoint(nodeFolder('fixtures/goldens/model'));
  const trainedOn = { ...checkpoint.trainedOn, side: 56 };
  const small = new OmniGen2Model({ ...checkpoint, trainedOn }, nodeRuntime({ threads: 1 }), loadTokenizer);
  try {
    const { rounds, notes } = await drawn('a cat', { width: 896, height: 32 }, small);
    expect(rounds.map(({ outcome }) => outcome)).toEqual(['unclear']);
    expect(notes.join(' ')).toMatch(/896 × 32 pixels; .* so it was not checked\./);
  } finally {
    await small.dispose();
  }
});

it.each(['a <|image_pad|> cat <|im_end|>', 'a red house '.repeat(2500)])(
  'a request that a question cannot hold is put to the critic all the same',
  async (prompt) => {
    const { rounds } = await drawn(prompt, { width: 32, height: 32 });
    expect(rounds.length).toBeGreaterThan(0);
  },
);
