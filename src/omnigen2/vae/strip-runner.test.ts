import { afterAll, describe, expect, it } from 'vitest';
import { VerifySession } from '../../../cli/verify/session.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { ResidentTensor, Runtime } from '../../runtime/types.ts';
import { planStrips } from './strip-plan.ts';
import type { Vae } from './vae.ts';

const FOLDER = 'fixtures/goldens';
/** The resident tensors that have not been disposed, and the peak of their values together. */
const alive = new Set<ResidentTensor>();
let peakValues = 0;
/** Called after each run with the number of runs since `runs` was reset. */
let onRun: (runs: number) => void = () => undefined;
let runs = 0;
const session = new VerifySession(FOLDER, `${FOLDER}/model`, () => recorded(nodeRuntime({ threads: 1 })));
const opened = async (): Promise<Vae> => (await session.model()).vae();

afterAll(() => session.dispose());

/** Records the resident tensors and the runs. */
function recorded(runtime: Runtime): Runtime {
  const { backend, halfPrecision } = runtime;
  return {
    backend,
    halfPrecision,
    dispose: () => runtime.dispose(),
    async open(graph, weights) {
      const opened = await runtime.open(graph, weights);
      return {
        name: opened.name,
        run: (inputs) => opened.run(inputs),
        dispose: () => opened.dispose(),
        async runResident(inputs) {
          const kept = await opened.runResident(inputs);
          onRun(++runs);
          for (const tensor of Object.values(kept.resident)) {
            alive.add(tensor);
            const held = [...alive].reduce((sum, { dims }) => sum + dims.reduce((a, b) => a * b), 0);
            peakValues = Math.max(peakValues, held);
            const dispose = tensor.dispose.bind(tensor);
            tensor.dispose = () => {
              alive.delete(tensor);
              dispose();
            };
          }
          return kept;
        },
      };
    },
  };
}

/** Values with a mean far from zero and different rows, which would show cancellation in sums. */
function values(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i / 7) + Math.cos(i / 1013) + 0.6);
}

function worst(got: Float32Array, want: Float32Array): number {
  expect(got).toHaveLength(want.length);
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - want[i])), 0);
}

const WHOLE = { maxBufferBytes: Number.POSITIVE_INFINITY };

/** Height and width in pixels, and the number of strips. */
const CASES = [
  [64, 64, 2],
  [72, 40, 9],
  [77, 45, 3],
  [16, 128, 2],
  [128, 32, 4],
  [9, 70, 1],
] as const;

describe.each(CASES)('a picture of %i x %i in %i strips', (height, width, strips) => {
  /** The largest limit of buffers that gives this number of strips. */
  async function limits(vae: Vae): Promise<{ maxBufferBytes: number }> {
    const latents = vae.latentShape({ width, height });
    for (
      let maxBufferBytes = 2 ** 26;
      maxBufferBytes > 16;
      maxBufferBytes = Math.floor(maxBufferBytes / 1.05)
    ) {
      if (planStrips(vae.config, latents, { maxBufferBytes })?.rows.length === strips)
        return { maxBufferBytes };
    }
    throw new Error(`no limit gives ${strips} strips`);
  }

  it('has the latents of one run', async () => {
    const vae = await opened();
    const pixels = { height, width, data: values(3 * height * width) };
    const whole = await vae.encode(pixels, WHOLE);
    const cut = await vae.encode(pixels, await limits(vae));
    expect(worst(cut.mean.data, whole.mean.data)).toBeLessThan(2e-5);
    expect(worst(cut.logvar.data, whole.logvar.data)).toBeLessThan(2e-5);
    expect(alive.size).toBe(0);
  });

  it('has the pixels of one run', async () => {
    const vae = await opened();
    const shape = vae.latentShape({ width, height });
    const latents = { ...shape, data: values(shape.channels * shape.height * shape.width) };
    const whole = await vae.decode(latents, WHOLE);
    const cut = await vae.decode(latents, await limits(vae));
    expect([cut.height, cut.width]).toEqual([shape.height * 8, shape.width * 8]);
    expect(worst(cut.data, whole.data)).toBeLessThan(2e-5);
    expect(alive.size).toBe(0);
  });
});

it('has at most the two maps of a resnet and some rows on the device', async () => {
  const vae = await opened();
  const [height, width] = [256, 64];
  const { blockOutChannels } = vae.config;
  const shape = vae.latentShape({ width, height });
  peakValues = 0;
  const latents = { ...shape, data: values(shape.channels * shape.height * shape.width) };
  await vae.decode(latents, { maxBufferBytes: 4 * blockOutChannels[1] * width * (8 + 2) });
  // The input of the first resnet at full size has the channels of the lower resolution.
  const maps = (blockOutChannels[1] + blockOutChannels[0]) * height * width;
  expect(peakValues).toBeGreaterThan(maps);
  expect(peakValues).toBeLessThan(1.35 * maps);
});

it('an abort stops within one run and leaves no tensor on the device', async () => {
  const vae = await opened();
  const stop = new AbortController();
  const pixels = { height: 64, width: 64, data: values(3 * 64 * 64) };
  runs = 0;
  onRun = (count) => count === 9 && stop.abort();
  const encoding = vae.encode(pixels, { maxBufferBytes: 20_000, signal: stop.signal });
  await expect(encoding).rejects.toMatchObject({ name: 'AbortError' });
  onRun = () => undefined;
  expect(runs).toBe(9);
  expect(alive.size).toBe(0);
});

it('rejects NaN', async () => {
  const vae = await opened();
  const shape = vae.latentShape({ width: 32, height: 64 });
  const data = new Float32Array(shape.channels * shape.height * shape.width).fill(Number.NaN);
  await expect(vae.decode({ ...shape, data }, { maxBufferBytes: 50_000 })).rejects.toMatchObject({
    code: 'bad_checkpoint',
  });
});
