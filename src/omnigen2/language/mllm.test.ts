import { afterAll, expect, test } from 'vitest';
import { compareTensor } from '../../../cli/verify/compare.ts';
import type { GoldenCase } from '../../../cli/verify/types.ts';
import { openCheckpoint } from '../../checkpoints/checkpoint.ts';
import { editTensors, fixtureFiles, WEIGHTS } from '../../checkpoints/fixture.node.ts';
import { memoryFolder } from '../../checkpoints/folder.ts';
import { BLOCK_SIZE, quantize } from '../../checkpoints/quantize.ts';
import { toFloat32 } from '../../checkpoints/safetensors.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { watchedRuntime } from '../../runtime/watched-runtime.node.ts';
import type { PatchGrid } from '../diffusion/patches.ts';
import { fixtureCase, fixtureCheckpoint, mllmSource } from '../fixtures.node.ts';
import { uniform } from '../random.ts';
import { Mllm } from './mllm.ts';
import { imageTokenCount, ropePositions } from './rope-positions.ts';
import type { PromptImage } from './vision-patches.ts';

const runtime = nodeRuntime({ threads: 1 });
const source = mllmSource(await fixtureCheckpoint());
const traced = new Map<string, Float32Array>();
const mllm = await Mllm.open(runtime, source, { trace: (name, values) => traced.set(name, values) });
afterAll(() => mllm.dispose());

const H = mllm.config.language.hiddenSize;

function valuesOf(golden: GoldenCase, name: string): ArrayLike<number> {
  return golden.tensors.get(name)?.data ?? [];
}

function imageOf(golden: GoldenCase): PromptImage {
  const [, rows, columns] = Array.from(valuesOf(golden, 'image_grid_thw'));
  return { patches: Float32Array.from(valuesOf(golden, 'pixel_values')), grid: { rows, columns } };
}

function expectLike(golden: GoldenCase, name: string, got: ArrayLike<number>): void {
  const want = golden.tensors.get(name);
  if (!want) throw new Error(`no ${name}`);
  expect(compareTensor(name, got, want, golden.tolerance)).toMatchObject({ name, ok: true });
}

/** The tiny checkpoint with its decoder quantized to 8 bits. */
async function quantizedFiles() {
  const files = await fixtureFiles();
  editTensors(files, WEIGHTS.mllm, (tensors) => {
    for (const [name, { dtype, shape, bytes }] of [...tensors]) {
      if (!/^model\..*(embed_tokens|proj)\.weight$/.test(name)) continue;
      const [rows, columns] = shape;
      const { codes, scales } = quantize(toFloat32(bytes, dtype), rows, columns, 8);
      const blocks = columns / BLOCK_SIZE;
      tensors.delete(name);
      tensors.set(`${name}.q8`, { dtype: 'U8', shape: [rows, blocks, BLOCK_SIZE], bytes: codes });
      const scaleBytes = new Uint8Array(scales.buffer);
      tensors.set(`${name}.scales`, { dtype: 'F16', shape: [rows, blocks], bytes: scaleBytes });
    }
  });
  return files;
}

test('every layer and the logits of a text prompt are the official ones', async () => {
  const golden = await fixtureCase('mllm_text');
  const hidden = await mllm.hiddenStates(valuesOf(golden, 'input_ids'));
  expectLike(golden, 'last_hidden_state', hidden);
  expectLike(golden, 'logits', await mllm.logits(hidden));
  for (let i = 0; i < mllm.config.language.numHiddenLayers; i++) {
    expectLike(golden, `hidden_${i}`, traced.get(`hidden_${i}`) ?? []);
  }
});

test('every vision block and the last hidden states of a prompt with a picture are the official ones', async () => {
  const golden = await fixtureCase('mllm_image_1');
  const hidden = await mllm.hiddenStates(valuesOf(golden, 'input_ids'), [imageOf(golden)]);
  expectLike(golden, 'last_hidden_state', hidden);
  for (const name of golden.outputs.filter((output) => /^vit_(patch|block|embeds)/.test(output))) {
    expectLike(golden, name, traced.get(name) ?? []);
  }
});

test('appending tokens matches one prefill', async () => {
  const golden = await fixtureCase('mllm_image_1');
  const ids = Array.from(valuesOf(golden, 'input_ids'));
  const images = [imageOf(golden)];
  const whole = await mllm.hiddenStates(ids, images);
  let prompt = await mllm.prefill(ids.slice(0, -3), images);
  for (const id of ids.slice(-3)) prompt = await mllm.append(prompt, id);
  expect(prompt.length).toBe(ids.length);
  const last = whole.subarray(-H);
  const error = Math.max(...prompt.hidden.map((value, i) => Math.abs(value - last[i])));
  expect(error).toBeLessThan(1e-5);
});

/** A prompt of token ids and of pictures of random patches. */
function withPictures(words: readonly (number | PatchGrid)[]) {
  const next = uniform(4, 'latents');
  const { vision, imageTokenId } = mllm.config;
  const rowSize = vision.inChannels * vision.temporalPatchSize * vision.patchSize ** 2;
  const ids: number[] = [];
  const images: PromptImage[] = [];
  for (const word of words) {
    if (typeof word === 'number') {
      ids.push(word);
      continue;
    }
    const patches = Float32Array.from({ length: word.rows * word.columns * rowSize }, () => 2 * next() - 1);
    images.push({ patches, grid: word });
    for (let cell = imageTokenCount(word, vision); cell > 0; cell--) ids.push(imageTokenId);
  }
  return { ids, images };
}

const largestError = (got: Float32Array, want: Float32Array) =>
  got.length === want.length ? Math.max(...got.map((value, i) => Math.abs(value - want[i]))) : Number.NaN;

// Two pictures: 2 + 6 + 3 + 4 + 2 tokens. The second picture begins at token 11.
const LONG = withPictures([5, 6, { rows: 4, columns: 6 }, 7, 8, 9, { rows: 4, columns: 4 }, 10, 11]);

test.each([
  ['text after a picture', 8, 1],
  ['text and a picture after a picture', 9, 1],
  ['a picture first', 11, 1],
  ['all but one token', 1, 0],
  ['one token', LONG.ids.length - 1, 2],
])('extending by %s matches the hidden states and logits of one prefill', async (_, first, pictures) => {
  const { ids, images } = LONG;
  const whole = await mllm.hiddenStates(ids, images);
  const start = await mllm.prefill(ids.slice(0, first), images.slice(0, pictures));
  const longer = await mllm.extend(start, ids.slice(first), images.slice(pictures));
  expect(longer.length).toBe(ids.length);
  expect(longer.hidden.length).toBe((ids.length - first) * H);
  expect(largestError(longer.hidden, whole.subarray(first * H))).toBeLessThan(1e-5);
  const logits = await mllm.logits(longer.hidden.subarray(-H));
  expect(largestError(logits, await mllm.logits(whole.subarray(-H)))).toBeLessThan(1e-4);
  // The first prompt can be extended again.
  const other = await mllm.extend(start, [20, 21]);
  const otherWhole = await mllm.hiddenStates([...ids.slice(0, first), 20, 21], images.slice(0, pictures));
  expect(largestError(other.hidden, otherWhole.subarray(first * H))).toBeLessThan(1e-5);
  for (const prompt of [start, longer, other]) mllm.free(prompt);
});

test('extending a truncated prompt matches one prefill', async () => {
  const { ids, images } = LONG;
  const long = await mllm.prefill(ids, images);
  for (const [length, pictures] of [
    [10, 1],
    [2, 0],
  ]) {
    const grids = images.slice(0, pictures).map(({ grid }) => grid);
    const { delta } = ropePositions(ids.slice(0, length), grids, mllm.config);
    const short = await mllm.truncate(long, length, delta);
    expect(short.length).toBe(length);
    const longer = await mllm.extend(short, [30, 31, 32]);
    const whole = await mllm.hiddenStates([...ids.slice(0, length), 30, 31, 32], images.slice(0, pictures));
    expect(largestError(longer.hidden, whole.subarray(length * H))).toBeLessThan(1e-5);
    for (const prompt of [short, longer]) mllm.free(prompt);
  }
  mllm.free(long);
});

test('attention is causal', async () => {
  const ids = [10, 20, 30, 40];
  const hidden = await mllm.hiddenStates(ids);
  const changedEnd = await mllm.hiddenStates([10, 20, 30, 41]);
  expect(changedEnd.slice(0, 3 * H)).toEqual(hidden.slice(0, 3 * H));
  expect(changedEnd.slice(3 * H)).not.toEqual(hidden.slice(3 * H));
  const changedStart = await mllm.hiddenStates([11, 20, 30, 40]);
  expect(changedStart.slice(3 * H)).not.toEqual(hidden.slice(3 * H));
});

test.each([Number.POSITIVE_INFINITY, 1, 0])(
  'the decoder in ranges gives the same result, ranges that stay open: %d',
  async (openRanges) => {
    const watched = watchedRuntime();
    const opened = await Mllm.open(
      watched.runtime,
      { ...source, residency: { openRanges: () => openRanges } },
      { sessionBytes: 1 },
    );
    const ids = [10, 20, 30, 40];
    const prompt = await opened.prefill(ids.slice(0, 3));
    const longer = await opened.append(prompt, ids[3]);
    const whole = await mllm.hiddenStates(ids);
    expect(longer.hidden.every((value, i) => Math.abs(value - whole[3 * H + i]) < 1e-5)).toBe(true);
    opened.free(longer);
    expect(watched.alive.size).toBe(0);
    const layers = mllm.config.language.numHiddenLayers;
    expect(watched.sessions.size).toBe(Math.min(openRanges, layers));
    await opened.dispose();
  },
);

test('a quantized checkpoint has the same results natively and dequantized', async () => {
  const quantized = mllmSource(await openCheckpoint(memoryFolder('quantized', await quantizedFiles())));
  const ids = [10, 20, 30, 40];
  const [native, widened] = await Promise.all(
    (['native', 'widened'] as const).map(async (form) => {
      const opened = await Mllm.open(runtime, {
        ...quantized,
        numerics: { ...quantized.numerics, quantized: form },
      });
      const hidden = await opened.hiddenStates(ids);
      const logits = await opened.logits(hidden);
      await opened.dispose();
      return { hidden, logits };
    }),
  );
  const plain = await mllm.hiddenStates(ids);
  const largest = (a: Float32Array, b: Float32Array) => Math.max(...a.map((x, i) => Math.abs(x - b[i])));
  expect(largest(native.hidden, widened.hidden)).toBeLessThan(1e-3);
  expect(largest(native.logits, widened.logits)).toBeLessThan(1e-2);
  expect(largest(native.hidden, plain)).toBeLessThan(0.2);
  expect(largest(native.hidden, plain)).toBeGreaterThan(0);
});

test('rejects prompts and pictures that do not fit', async () => {
  await expect(mllm.hiddenStates([])).rejects.toMatchObject({ code: 'bad_request' });
  await expect(mllm.hiddenStates([1, 999_999])).rejects.toMatchObject({
    code: 'bad_request',
    message: expect.stringContaining('999999'),
  });
  const patches = new Float32Array(10);
  const { imageTokenId } = mllm.config;
  await expect(
    mllm.hiddenStates([1, imageTokenId, imageTokenId], [{ patches, grid: { rows: 2, columns: 2 } }]),
  ).rejects.toMatchObject({ code: 'bad_request' });
  await expect(mllm.encodeImage({ patches, grid: { rows: 2, columns: 2 } })).rejects.toMatchObject({
    code: 'bad_image',
    message: expect.stringContaining('2 x 2 patches'),
  });
});
