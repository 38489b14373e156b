/** The pipeline on the tiny checkpoint: everything but the numbers, which `verify` compares. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { openCheckpoint } from '../checkpoints/checkpoint.ts';
import { nodeFolder } from '../checkpoints/folder.node.ts';
import type { RgbImage } from '../pictures/image.ts';
import { nodeRuntime } from '../runtime/runtime.node.ts';
import { settingsFor } from './fixtures.node.ts';
import { loadTokenizer } from './language/tokenizer.transformers.ts';
import { OmniGen2Model } from './model.ts';
import { type DrawInput, type DrawProgress, draw } from './pipeline.ts';

let model: OmniGen2Model;

beforeAll(async () => {
  const checkpoint = await openCheckpoint(nodeFolder('fixtures/goldens/model'));
  model = new OmniGen2Model(checkpoint, nodeRuntime(), loadTokenizer);
});

afterAll(() => model.dispose());

const REFERENCE: RgbImage = {
  width: 48,
  height: 32,
  data: Uint8Array.from({ length: 48 * 32 * 3 }, (_, i) => (i * 7) % 256),
};

function options(changes: Partial<DrawInput> = {}): DrawInput {
  return {
    ...settingsFor({ width: 64, height: 48 }),
    prompt: 'A dog running in the park',
    references: [],
    steps: 4,
    seed: 5,
    textGuidance: 3,
    imageGuidance: 2,
    ...changes,
  };
}

test('a seed determines the picture, also of an edit', async () => {
  for (const references of [[], [REFERENCE]]) {
    const [first, again, other] = [
      await draw(model, options({ references })),
      await draw(model, options({ references })),
      await draw(model, options({ references, seed: 6 })),
    ];
    expect(again.image.data).toEqual(first.image.data);
    expect(other.image.data).not.toEqual(first.image.data);
  }
});

test('the latents of a reference are a sample by the seed, or the mean for every seed', async () => {
  const seen = async (posterior: DrawInput['posterior'], seed: number) => {
    const values = new Map<string, Float32Array>();
    await draw(model, options({ references: [REFERENCE], posterior, seed, steps: 1 }), {
      trace: (name, data) => values.set(name, data),
    });
    return values;
  };
  const { shiftFactor, scalingFactor } = model.config.vae;
  const mean = await seen('mean', 5);
  expect(mean.get('ref_latents_0')).toEqual(
    mean.get('vae_mean_0')?.map((value) => (value - shiftFactor) * scalingFactor),
  );
  expect((await seen('mean', 6)).get('ref_latents_0')).toEqual(mean.get('ref_latents_0'));
  const sample = await seen('sample', 5);
  expect(sample.get('ref_latents_0')).not.toEqual(mean.get('ref_latents_0'));
  expect((await seen('sample', 6)).get('ref_latents_0')).not.toEqual(sample.get('ref_latents_0'));
});

test('an edit has the size of its reference if alignSize is set', async () => {
  const references = [REFERENCE];
  expect((await draw(model, options({ references }))).image).toMatchObject({ width: 48, height: 32 });
  const free = await draw(model, options({ references, alignSize: false }));
  expect(free.image).toMatchObject({ width: 64, height: 48 });
});

test('a reference is resized to the area of the wanted size', async () => {
  const large: RgbImage = { width: 300, height: 150, data: new Uint8Array(300 * 150 * 3).fill(90) };
  const { image } = await draw(model, options({ references: [large] }));
  expect(image.width * image.height).toBeLessThanOrEqual(64 * 48);
  expect(image).toMatchObject({ width: 64, height: 32 });
});

test('reports the stages in order, with a preview after every step except the last one', async () => {
  const seen: DrawProgress[] = [];
  await draw(model, options({ references: [REFERENCE, REFERENCE] }), {
    previews: true,
    onProgress: (progress) => seen.push(progress),
  });
  expect(seen.map((progress) => progress.type)).toEqual([
    'encoding-prompt',
    'encoding-reference',
    'encoding-reference',
    ...Array(5).fill('denoising'),
    'decoding',
  ]);
  const steps = seen.filter((progress) => progress.type === 'denoising');
  expect(steps.map(({ step }) => step)).toEqual([0, 1, 2, 3, 4]);
  expect(steps.map(({ preview }) => preview !== undefined)).toEqual([false, true, true, true, false]);
  expect(steps[1].preview).toMatchObject({ width: 64, height: 48 });
});

test('without a time shift in the checkpoint Euler has even times; DPM-Solver++ shifts anyway', async () => {
  const checkpoint = await openCheckpoint(nodeFolder('fixtures/goldens/model'));
  const scheduler = { ...checkpoint.config.scheduler, dynamicTimeShift: false };
  const config = { ...checkpoint.config, scheduler };
  const even = new OmniGen2Model({ ...checkpoint, config }, nodeRuntime(), loadTokenizer);
  const timesOf = async (changes: Partial<DrawInput>) => {
    let times: number[] = [];
    const trace = (name: string, values: Float32Array) => {
      if (name === 'timesteps') times = [...values];
    };
    await draw(even, options(changes), { trace });
    return times;
  };
  try {
    expect(await timesOf({ scheduler: 'euler' })).toEqual([0, 0.25, 0.5, 0.75]);
    expect((await timesOf({ scheduler: 'dpmsolver++' }))[1]).toBeGreaterThan(0.5);
  } finally {
    await even.dispose();
  }
});

test('stops within one step of an abort', async () => {
  const controller = new AbortController();
  const seen: number[] = [];
  const drawing = draw(model, options({ steps: 50 }), {
    signal: controller.signal,
    onProgress: (progress) => {
      if (progress.type !== 'denoising') return;
      seen.push(progress.step);
      if (progress.step === 2) controller.abort();
    },
  });
  await expect(drawing).rejects.toMatchObject({ name: 'AbortError' });
  expect(seen).toEqual([0, 1, 2]);
});

test('cuts a prompt beyond the limit and notes it', async () => {
  const { notes } = await draw(model, options({ prompt: 'a dog '.repeat(100), maxSequenceLength: 64 }));
  expect(notes).toHaveLength(1);
  expect(notes[0]).toMatch(/^The prompt is \d+ tokens long .* the model takes 64/);
});

test.each([
  [{ prompt: ' \n' }, /^The prompt is empty\.$/],
  [{ steps: 0 }, /0 steps/],
  [{ steps: 1.5 }, /1\.5 steps/],
  [{ seed: -1 }, /^The seed -1/],
  [{ seed: 2 ** 32 }, /^The seed 4294967296/],
  [{ textGuidance: Number.NaN }, /^The text guidance NaN/],
  [{ imageGuidance: -2 }, /^The image guidance -2/],
  [{ guidanceRange: [0.8, 0.2] as const }, /^The guidance range 0\.8 to 0\.2/],
  [{ guidanceRange: 0.5 as never }, /^The guidance range/],
  [{ acceleration: 'TeaCache' as never }, /^There is no acceleration "TeaCache"\./],
  [{ scheduler: 'dpm' as never }, /^There is no scheduler "dpm"\./],
  [{ posterior: 'mode' as never }, /^There is no posterior "mode"\./],
  [{ width: 8 }, /8 × 48/],
  [{ references: Array(6).fill(REFERENCE) }, /6 reference pictures; the model knows at most 5/],
])('refuses in one sentence: %o', async (changes, message) => {
  await expect(draw(model, options(changes))).rejects.toMatchObject({
    name: 'OmniError',
    code: 'bad_request',
    message: expect.stringMatching(message),
  });
});

test.each([
  ['one patch', 16, 16, []],
  ['four times as wide as high', 128, 32, []],
  ['four times as high as wide', 32, 128, []],
  ['odd sides', 45, 83, []],
  [
    'five references of all shapes',
    37,
    70,
    [
      [16, 16],
      [64, 16],
      [16, 90],
      [33, 47],
      [70, 70],
    ],
  ],
])('draws %s', async (_, width, height, shapes) => {
  const references = shapes.map(([w, h]) => ({
    width: w,
    height: h,
    data: new Uint8Array(3 * w * h).fill(90),
  }));
  const size = settingsFor({ width, height });
  const { image, notes } = await draw(model, options({ ...size, references, steps: 1 }));
  expect(image).toMatchObject({ width, height });
  expect(notes).toEqual([]);
});

test('says how many references there are too many', async () => {
  const references = Array<RgbImage>(6).fill(REFERENCE);
  await expect(draw(model, options({ references }))).rejects.toMatchObject({
    code: 'bad_request',
    message: 'There are 6 reference pictures; the model knows at most 5.',
  });
});

test('draws from a prompt beyond the official tables of positions and notes it', async () => {
  const [length] = model.config.transformer.axesLens;
  const prompt = 'snow '.repeat(length);
  const maxSequenceLength = length + 10;
  const { image, notes } = await draw(model, options({ prompt, maxSequenceLength, steps: 1 }));
  expect(notes).toEqual([
    expect.stringMatching(/^The prompt is .* were dropped\.$/),
    expect.stringMatching(new RegExp(`beyond the ${length} positions`)),
  ]);
  expect(image).toMatchObject({ width: 64, height: 48 });
  const seen = await draw(model, options({ maxSequenceLength, steps: 1 }));
  expect(seen.notes).toEqual([]);
});

test('draws at a size that the model was not trained at and notes it', async () => {
  const trainedOn = { side: 32, promptTokens: 1024 };
  const small = new OmniGen2Model({ ...model.checkpoint, trainedOn }, nodeRuntime(), loadTokenizer);
  try {
    const { notes } = await draw(small, options({ steps: 1 }));
    expect(notes).toEqual(['This model was trained at 32 × 32 pixels; other sizes are experimental.']);
    const learnt = await draw(small, options({ steps: 1, width: 32, height: 32 }));
    expect(learnt.notes).toEqual([]);
  } finally {
    await small.dispose();
  }
});
