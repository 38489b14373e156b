import { beforeAll, describe, expect, it } from 'vitest';
import { type Checkpoint, openCheckpoint } from '../../checkpoints/checkpoint.ts';
import { fixtureFiles } from '../../checkpoints/fixture.node.ts';
import { memoryFolder } from '../../checkpoints/folder.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { watchedRuntime } from '../../runtime/watched-runtime.node.ts';
import { fixtureCheckpoint, settingsFor } from '../fixtures.node.ts';
import { loadTokenizer } from '../language/tokenizer.transformers.ts';
import { OmniGen2Model } from '../model.ts';
import { draw } from '../pipeline.ts';
import { typicalDrawing } from './drawings.ts';
import { estimateTime, measureSpeed } from './estimate.ts';
import { type Footprint, footprintOf } from './footprint.ts';
import { allowsBeside, choosePlan, residencyPlans } from './plan.ts';
import { summarizePlan } from './words.ts';

const GIGABYTE = 1e9;

/** The released model in 4 bits: bytes as sessions hold them. */
function released(footprint: Footprint, backend: Footprint['backend']): Footprint {
  return {
    ...footprint,
    backend,
    isLarge: true,
    decoderRanges: Array.from({ length: 8 }, () => 0.24 * GIGABYTE),
    transformerRanges: Array.from({ length: 8 }, () => 0.26 * GIGABYTE),
    contextBytes: 0.12 * GIGABYTE,
    embedBytes: 0.13 * GIGABYTE,
    referenceBytes: 0.13 * GIGABYTE,
    vaeEncoderBytes: 0.14 * GIGABYTE,
    vaeDecoderBytes: 0.2 * GIGABYTE,
  };
}

/** The part of a graph. Undefined for graphs without weights. */
function partOf(graph: string): string | undefined {
  return ['language model', 'transformer', 'vae'].find((part) => graph.startsWith(part));
}

let checkpoint: Checkpoint;
let footprint: Footprint;
beforeAll(async () => {
  checkpoint = await fixtureCheckpoint();
  footprint = footprintOf(checkpoint, nodeRuntime({ threads: 1 }));
});

describe('residencyPlans', () => {
  it('lists plans from most to least memory', () => {
    const plans = residencyPlans(released(footprint, 'webgpu'), typicalDrawing(checkpoint));
    expect(plans.map(({ name }) => name)).toEqual(['together', 'in turn', ...Array(4).fill('streamed')]);
    const peaks = plans.map(({ peakBytes }) => peakBytes);
    expect(peaks).toEqual([...peaks].sort((a, b) => b - a));
    expect(plans.map(({ streamedBytes }) => streamedBytes > 0)).toEqual([
      false,
      false,
      true,
      true,
      true,
      true,
    ]);
  });

  it('never keeps all parts of a large model open on a processor', () => {
    const [first] = residencyPlans(released(footprint, 'wasm'), typicalDrawing(checkpoint));
    expect(first.name).toBe('in turn');
    expect(allowsBeside(first, 'mllm', 'transformer')).toBe(false);
    expect(allowsBeside(first, 'transformer', 'vae')).toBe(true);
  });

  it('has the least memory within a budget, or the smallest plan', () => {
    const plans = residencyPlans(released(footprint, 'webgpu'), typicalDrawing(checkpoint));
    expect(choosePlan(plans, 16 * GIGABYTE).name).toBe('together');
    expect(choosePlan(plans, 4 * GIGABYTE).name).toBe('in turn');
    expect(choosePlan(plans, 2 * GIGABYTE).name).toBe('streamed');
    expect(choosePlan(plans, 1)).toBe(plans.at(-1));
  });

  it('says what would make a drawing fit', () => {
    const plans = residencyPlans(released(footprint, 'webgpu'), typicalDrawing(checkpoint));
    const smallest = plans[plans.length - 1];
    const drawing = { width: 512, height: 512 };
    expect(summarizePlan(plans[1], drawing, 8 * GIGABYTE, smallest)).toMatchObject({ fits: true });
    const refused = summarizePlan(smallest, drawing, 0.1 * GIGABYTE, { ...smallest, peakBytes: 5e7 });
    expect(refused).toMatchObject({ fits: false, advice: expect.stringContaining('256 × 256') });
  });
});

describe('a model within a budget', () => {
  const drawAs = async (budgetBytes?: number) => {
    const watched = watchedRuntime();
    const files = memoryFolder('tiny', await fixtureFiles());
    const model = new OmniGen2Model(await openCheckpoint(files), watched.runtime, loadTokenizer, {
      budgetBytes,
    });
    const open = new Set<string>();
    let most = 0;
    watched.beforeRun = () => {
      const parts = new Set([...watched.sessions].flatMap(({ name }) => partOf(name) ?? []));
      for (const part of parts) open.add(part);
      if (parts.size > most) most = parts.size;
    };
    const size = { width: 32, height: 32 };
    const input = { ...settingsFor(size), ...size, steps: 2, seed: 1, prompt: 'a cat', references: [] };
    const { image } = await draw(model, input);
    const plan = model.plan.name;
    await model.dispose();
    return { image, plan, open, most, sessions: watched.sessions.size };
  };

  it('draws the same picture with its parts one after another', async () => {
    const whole = await drawAs();
    expect(whole.plan).toBe('together');
    expect(whole.most).toBe(3);
    const small = await drawAs(1);
    expect(small.plan).toBe('streamed');
    expect(small.most).toBe(1);
    expect(small.open).toEqual(whole.open);
    expect(small.image.data).toEqual(whole.image.data);
    expect(small.sessions).toBe(0);
  });
});

describe('estimateTime', () => {
  it('grows with the picture and shrinks with the speed', async () => {
    const { flops } = await measureSpeed(nodeRuntime({ threads: 1 }));
    expect(flops).toBeGreaterThan(1e8);
    const drawing = typicalDrawing(checkpoint);
    const [plan] = residencyPlans(footprint, drawing);
    const seconds = (side: number, speed: number) =>
      estimateTime(footprint, plan, { ...drawing, width: side, height: side }, { flops: speed }).drawSeconds;
    expect(seconds(512, flops)).toBeGreaterThan(seconds(256, flops));
    expect(seconds(256, 2 * flops)).toBeCloseTo(seconds(256, flops) / 2, 6);
  });
});
