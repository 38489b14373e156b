import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isAbort } from '../../errors.ts';
import { floatToBfloat, roundToHalf } from '../../tensors/half.ts';
import { quantizedMatrix } from '../../tensors/stored.ts';
import { type Lora, readLora } from '../adapters/lora.ts';
import { type Checkpoint, openCheckpoint } from '../checkpoint.ts';
import { editTensors, type Files, fixtureFiles, GOLDENS, refusal, WEIGHTS, zeros } from '../fixture.node.ts';
import { nodeFolder } from '../folder.node.ts';
import { memoryFolder } from '../folder.ts';
import { dequantize } from '../quantize.ts';
import { toFloat32 } from '../safetensors.ts';
import { executeConversion } from './execute.ts';
import { memoryWriter } from './memory-writer.ts';
import { type ConversionOptions, type ConversionPlan, planConversion, WEIGHT_FORMATS } from './plan.ts';
import { REPORT_FILE } from './report.ts';
import { checkTarget, writeFolder } from './writer.node.ts';

const pristine = await fixtureFiles();
const tiny = await openCheckpoint(memoryFolder('tiny', pristine));
const neverAborted = new AbortController().signal;

/** Whether all bytes are equal. Faster than comparing value by value. */
function same(a: ArrayBufferView | undefined, b: ArrayBufferView): boolean {
  const buffer = (view: ArrayBufferView) => Buffer.from(view.buffer, view.byteOffset, view.byteLength);
  return a !== undefined && buffer(a).equals(buffer(b));
}

async function run(plan: ConversionPlan): Promise<{ files: Files; checkpoint: Checkpoint }> {
  const files: Files = new Map();
  await executeConversion(neverAborted, plan, memoryWriter(files), () => {});
  return { files, checkpoint: await openCheckpoint(memoryFolder('converted', files)) };
}

const convert = async (checkpoint: Checkpoint, options: ConversionOptions) =>
  (await run(await planConversion(checkpoint, options))).checkpoint;

/** The values of a tensor, stored or quantized, as float32. */
async function valuesOf(
  checkpoint: Checkpoint,
  component: keyof typeof WEIGHTS,
  name: string,
): Promise<Float32Array> {
  const { weights } = checkpoint.components[component];
  const quantized = quantizedMatrix(weights, name);
  if (!quantized) {
    const tensor = weights.get(name);
    if (!tensor) throw new Error(`no ${name}`);
    return toFloat32(await checkpoint.readTensor(tensor), tensor.dtype);
  }
  const { codes, scales, bits, blockSize } = quantized;
  const rows = codes.shape[0];
  const columns = tiny.components[component].weights.get(name)?.shape[1] ?? 0;
  const out = new Float32Array(rows * columns);
  const factors = new Uint16Array((await checkpoint.readTensor(scales)).slice().buffer);
  dequantize(await checkpoint.readTensor(codes), factors, { rows, columns, bits, blockSize }, out);
  return out;
}

function relativeError(want: Float32Array, got: Float32Array): number {
  const norm = want.reduce((sum, value) => sum + value * value, 0);
  return Math.sqrt(want.reduce((sum, value, i) => sum + (value - got[i]) ** 2, 0) / norm);
}

const MATRIX = 'layers.0.attn.to_q.weight';
const EMBEDDING = 'model.embed_tokens.weight';

describe('planning', () => {
  it('gives every tensor a format and a reason', async () => {
    const plan = await planConversion(tiny, { weights: 'q4' });
    const actions = Object.values(plan.components).flatMap((files) => files.flatMap((file) => file.actions));
    expect(actions).toHaveLength(147 + 176 + 92);
    for (const { reason } of actions) expect(reason.length).toBeGreaterThan(5);
    const to = (name: string) => actions.find((action) => action.name === name)?.to;
    expect(to(MATRIX)).toBe('q4');
    expect(to(EMBEDDING)).toBe('q8');
    expect(to('x_embedder.weight')).toBe('F16');
    expect(to('layers.0.norm2.weight')).toBe('F32');
    expect(to('image_index_embedding')).toBe('F32');
    expect(to('visual.patch_embed.proj.weight')).toBe('F16');
    expect(to('visual.blocks.0.attn.qkv.weight')).toBe('F16');
    expect(to('decoder.mid_block.attentions.0.to_q.weight')).toBe('F16');
  });

  it.each(WEIGHT_FORMATS)('predicts the size of %s to the byte', async (weights) => {
    const files = new Map(pristine);
    bfloat(files, WEIGHTS.mllm);
    const plan = await planConversion(await openCheckpoint(memoryFolder('tiny', files)), { weights });
    const { checkpoint } = await run(plan);
    const written = Object.values(checkpoint.components).flatMap(({ weights: index }) =>
      index.names.map((name) => index.get(name)?.sizeBytes ?? 0),
    );
    expect(plan.afterBytes).toBe(written.reduce((a, b) => a + b, 0));
  });

  it('rejects a conversion that would change nothing', async () => {
    const error = await refusal(() => planConversion(tiny, { weights: 'f32' }));
    expect(error.message).toBe('tiny is already stored as f32; nothing would change.');
  });

  it('leaves out tensors that the model does not use, and lists them', async () => {
    const files = new Map(pristine);
    editTensors(files, WEIGHTS.mllm, (tensors) => tensors.set('lm_head.weight', zeros('F32', [640, 64])));
    const plan = await planConversion(await openCheckpoint(memoryFolder('tiny', files)), { weights: 'f16' });
    expect(plan.dropped).toEqual(['mllm: lm_head.weight']);
    expect((await run(plan)).checkpoint.components.mllm.extraTensors).toEqual([]);
  });

  it('copies the licence', async () => {
    const files = new Map([...pristine, ['LICENSE.md', new Uint8Array(3)] as const]);
    const plan = await planConversion(await openCheckpoint(memoryFolder('tiny', files)), { weights: 'f16' });
    expect((await run(plan)).files.get('LICENSE.md')).toHaveLength(3);
  });
});

describe('converting', () => {
  it.each([
    ['f16', 5e-4, 5e-4],
    ['q8', 6e-3, 6e-3],
    ['q4', 0.1, 6e-3],
  ] as const)('%s keeps the values within its precision', async (weights, matrixError, embeddingError) => {
    const converted = await convert(tiny, { weights });
    const error = async (component: keyof typeof WEIGHTS, name: string) =>
      relativeError(await valuesOf(tiny, component, name), await valuesOf(converted, component, name));
    expect(await error('transformer', MATRIX)).toBeLessThan(matrixError);
    expect(await error('mllm', EMBEDDING)).toBeLessThan(embeddingError);
    expect(await error('transformer', 'layers.0.norm2.weight')).toBe(0);
    expect(await error('vae', 'decoder.conv_in.weight')).toBeLessThan(5e-4);
  });

  it('copies configurations and processor unchanged', async () => {
    const { files } = await run(await planConversion(tiny, { weights: 'q8' }));
    const weights: readonly string[] = Object.values(WEIGHTS);
    for (const [path, bytes] of pristine) {
      if (!weights.includes(path)) expect(same(files.get(path), bytes)).toBe(true);
    }
    expect(new Set(files.keys())).toEqual(new Set([...pristine.keys(), 'manifest.json', REPORT_FILE]));
  });

  it('converts bfloat16 to float32 without loss', async () => {
    const files = new Map(pristine);
    bfloat(files, WEIGHTS.transformer);
    const source = await openCheckpoint(memoryFolder('tiny', files));
    const converted = await convert(source, { weights: 'f32' });
    expect(converted.components.transformer.weights.get(MATRIX)?.dtype).toBe('F32');
    const [got, want] = [
      await valuesOf(converted, 'transformer', MATRIX),
      await valuesOf(source, 'transformer', MATRIX),
    ];
    expect(same(got, want)).toBe(true);
  });

  it('converts quantized weights to floats with exactly the dequantized values', async () => {
    const q8 = await convert(tiny, { weights: 'q8' });
    const f32 = await convert(q8, { weights: 'f32' });
    const matrix = await valuesOf(q8, 'transformer', MATRIX);
    expect(same(await valuesOf(f32, 'transformer', MATRIX), matrix)).toBe(true);
    const f16 = await convert(q8, { weights: 'f16' });
    const embedding = (await valuesOf(q8, 'mllm', EMBEDDING)).map(roundToHalf);
    expect(same(await valuesOf(f16, 'mllm', EMBEDDING), embedding)).toBe(true);
  });

  it('converts 8 bits to 4, and rejects 4 bits to 4', async () => {
    const q4 = await convert(await convert(tiny, { weights: 'q8' }), { weights: 'q4' });
    expect(quantizedMatrix(q4.components.transformer.weights, MATRIX)?.bits).toBe(4);
    expect((await refusal(() => planConversion(q4, { weights: 'q4' }))).message).toMatch(
      /is already stored as q4/,
    );
  });

  it('splits a component into shards with an index, and the result opens', async () => {
    const plan = await planConversion(tiny, { weights: 'f16', maxFileBytes: 500_000 });
    const { files, checkpoint } = await run(plan);
    const shards = [...files.keys()].filter((path) => /^transformer\/.*-of-\d{5}\.safetensors$/.test(path));
    expect(shards.length).toBeGreaterThan(3);
    expect(shards.every((path) => (files.get(path)?.length ?? 0) < 520_000)).toBe(true);
    expect(checkpoint.components.transformer.weights.names).toHaveLength(147);
  });

  it('writes the same files from a sharded and from a whole checkpoint', async () => {
    const sharded = await convert(tiny, { weights: 'f16', maxFileBytes: 500_000 });
    const again = await run(await planConversion(sharded, { weights: 'q8' }));
    const direct = await run(
      await planConversion(await convert(tiny, { weights: 'f16' }), { weights: 'q8' }),
    );
    expect(again.files.size).toBe(direct.files.size);
    for (const [path, bytes] of direct.files) expect(same(again.files.get(path), bytes)).toBe(true);
  });

  it.each([
    [Number.NaN, 'f16', /transformer\/\S+: layers\.0\.attn\.to_q\.weight holds NaN, which is not a weight/],
    [Number.POSITIVE_INFINITY, 'q4', /to_q\.weight holds Infinity, which is not a weight/],
    [1e6, 'f16', /to_q\.weight holds 1000000, but float16 ends at 65504/],
    [-1e9, 'q8', /to_q\.weight holds -1000000000, but float16 ends at 65504/],
  ] as const)('rejects the weight %d as %s', async (value, weights, pattern) => {
    const files = new Map(pristine);
    editTensors(files, WEIGHTS.transformer, (tensors) => {
      const bytes = new Uint8Array(
        Float32Array.from({ length: 96 * 96 }, (_, i) => (i === 5000 ? value : 0.1)).buffer,
      );
      tensors.set(MATRIX, { dtype: 'F32', shape: [96, 96], bytes });
    });
    const plan = await planConversion(await openCheckpoint(memoryFolder('tiny', files)), { weights });
    expect((await refusal(() => run(plan))).message).toMatch(pattern);
  });
});

describe('merging an adapter', () => {
  const file = join(GOLDENS, 'lora/pytorch_lora_weights.safetensors');
  const adapter = async (): Promise<Lora> =>
    readLora(await readFile(file), 'lora.safetensors', tiny.components.transformer.expected);

  it('adds B A to every matrix in the adapter and to no other', async () => {
    const lora = await adapter();
    const merged = await convert(tiny, { weights: 'f32', adapters: [{ lora, strength: 1 }] });
    for (const [name, { down, up, rank }] of lora.pairs) {
      const before = await valuesOf(tiny, 'transformer', name);
      const after = await valuesOf(merged, 'transformer', name);
      const columns = down.length / rank;
      const difference = before.map((value, i) => {
        let want = value;
        for (let r = 0; r < rank; r++) {
          want += up[Math.floor(i / columns) * rank + r] * down[r * columns + (i % columns)];
        }
        return Math.abs(want - after[i]);
      });
      expect(Math.max(...difference)).toBeLessThan(1e-6);
    }
    const other = 'layers.0.feed_forward.linear_1.weight';
    expect(
      same(await valuesOf(merged, 'transformer', other), await valuesOf(tiny, 'transformer', other)),
    ).toBe(true);
  });

  it('happens before quantizing, even if the matrix already has the format', async () => {
    const lora = await adapter();
    const q8 = await convert(tiny, { weights: 'q8' });
    const merged = await convert(q8, { weights: 'q8', adapters: [{ lora, strength: 1 }] });
    const exact = await valuesOf(
      await convert(tiny, { weights: 'f32', adapters: [{ lora, strength: 1 }] }),
      'transformer',
      MATRIX,
    );
    expect(relativeError(exact, await valuesOf(merged, 'transformer', MATRIX))).toBeLessThan(0.01);
    expect(relativeError(exact, await valuesOf(q8, 'transformer', MATRIX))).toBeGreaterThan(0.02);
  });
});

describe('writing to disk', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'convert-'));
  });
  afterEach(() => rm(folder, { recursive: true }));
  const source = join(GOLDENS, 'model');

  it('writes a folder that opens, and no other files', async () => {
    const plan = await planConversion(await openCheckpoint(nodeFolder(source)), { weights: 'q4' });
    const target = join(folder, 'new/model');
    await checkTarget(target, source, 1e6);
    await writeFolder(target, (writer) => executeConversion(neverAborted, plan, writer, () => {}));
    expect((await openCheckpoint(nodeFolder(target))).name).toBe('model');
    expect(await readdir(join(folder, 'new'))).toEqual(['model']);
  });

  it('removes all files if it is aborted or fails', async () => {
    const plan = await planConversion(tiny, { weights: 'f16' });
    const controller = new AbortController();
    const target = join(folder, 'new/folder/model');
    const stopped = writeFolder(target, (writer) =>
      executeConversion(controller.signal, plan, writer, ({ doneBytes }) => {
        if (doneBytes > plan.beforeBytes / 2) controller.abort();
      }),
    );
    expect(isAbort(await stopped.catch((error) => error))).toBe(true);
    const failed = writeFolder(target, async (writer) => {
      await (await writer.open('vae/a.bin', 1)).close();
      throw new Error('on purpose');
    });
    await expect(failed).rejects.toThrow('on purpose');
    expect(await readdir(folder)).toEqual([]);
  });

  it('accepts an existing empty folder', async () => {
    await mkdir(join(folder, 'model'));
    await checkTarget(join(folder, 'model'), source, 1);
    await writeFolder(join(folder, 'model'), async (writer) => (await writer.open('a.txt', 1)).close());
    expect(await readdir(join(folder, 'model'))).toEqual(['a.txt']);
  });

  it('rejects targets that would overwrite something', async () => {
    await writeFile(join(folder, 'file'), 'x');
    await mkdir(join(folder, 'full/inner'), { recursive: true });
    const check = async (target: string, from = source) =>
      (await refusal(() => checkTarget(target, from, 1))).message;
    expect(await check(source)).toMatch(/is the source folder/);
    expect(await check(`${source}/`)).toMatch(/is the source folder/);
    expect(await check(join(source, 'vae', '..'))).toMatch(/is the source folder/);
    expect(await check(join(source, 'new'))).toMatch(/contains the other/);
    expect(await check(folder, join(folder, 'full'))).toMatch(/contains the other/);
    expect(await check(join(folder, 'file'))).toMatch(/is a file/);
    expect(await check(join(folder, 'full'))).toMatch(/exists and is not empty/);
    await symlink(join(folder, 'nowhere'), join(folder, 'link'));
    expect(await check(join(folder, 'link'))).toMatch(/is a link to a path that does not exist/);
    expect(await check(join(folder, 'file/model'))).toMatch(
      /cannot be written: a part of its path is a file/,
    );
    expect(await check(join(folder, 'n'.repeat(300)))).toMatch(/cannot be written: its name is too long/);
  });

  it('rejects a result that is larger than the free space', async () => {
    const error = await refusal(() => checkTarget(join(folder, 'model'), source, 1e18));
    expect(error.code).toBe('storage');
    expect(error.message).toMatch(/free, but the result needs 1000000000000\.0 MB/);
  });

  it('reports a folder that cannot be created', async () => {
    await writeFile(join(folder, 'file'), 'x');
    const error = await refusal(() => writeFolder(join(folder, 'file/model'), async () => {}));
    expect(error.code).toBe('storage');
    expect(error.message).toMatch(/file\/model cannot be written/);
  });
});

function bfloat(files: Files, path: string) {
  editTensors(files, path, (tensors) => {
    for (const [name, { dtype, shape, bytes }] of tensors) {
      const half = floatToBfloat(toFloat32(bytes, dtype));
      tensors.set(name, { dtype: 'BF16', shape, bytes: new Uint8Array(half.buffer) });
    }
  });
}
