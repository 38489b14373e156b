import { afterAll, describe, expect, it } from 'vitest';
import { VerifySession } from '../../../cli/verify/session.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { ResidentTensor, Runtime } from '../../runtime/types.ts';
import { planStrips } from './strip-plan.ts';
import type { Vae } from './vae.ts';

const FOLDER = 'fixtures/goldens';
/** The resident tensors that have not been disposed, and the most values that they have held together. */
const alive = new Set<ResidentTensor>();
let mostValues = 0;
/** Called with the number of runs that ended since the account was opened. */
let onRun: (runs: number) => void = () => undefined;
let runs = 0;
const session = new VerifySession(FOLDER, `${FOLDER}/model`, () => counted(nodeRuntime({ threads: 1 })));
const opened = async (): Promise<Vae> => (await session.model()).vae();

afterAll(() => session.dispose());

/** The runtime, with an account of what it keeps. */
function counted(runtime: Runtime): Runtime {
  const { backend, halfPrecision, quantized } = runtime;
  return {
    backend,
    halfPrecision,
    quantized,
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
            mostValues = Math.max(mostValues, held);
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

/** Values whose mean is far from zero and whose rows differ: sums that cancel would show. */
function values(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i / 7) + Math.cos(i / 1013) + 0.6);
}

function worst(got: Float32Array, want: Float32Array): number {
  expect(got).toHaveLength(want.length);
  return got.reduce((most, value, i) => Math.max(most, Math.abs(value - want[i])), 0);
}

const WHOLE = { maxBufferBytes: Number.POSITIVE_INFINITY };

/** Height and width in pixels, and in how many strips they are worked on. */
const CASES = [
  [64, 64, 2],
  [72, 40, 9],
  [77, 45, 3],
  [16, 128, 2],
  [128, 32, 4],
  [9, 70, 1],
] as const;

describe.each(CASES)('a picture of %i x %i in %i strips', (height, width, strips) => {
  /** The largest bound on buffers that gives so many strips. */
  async function bounded(vae: Vae): Promise<{ maxBufferBytes: number }> {
    const latents = vae.latentShape({ width, height });
    for (
      let maxBufferBytes = 2 ** 26;
      maxBufferBytes > 16;
      maxBufferBytes = Math.floor(maxBufferBytes / 1.05)
    ) {
      if (planStrips(vae.config, latents, { maxBufferBytes })?.rows.length === strips)
        return { maxBufferBytes };
    }
    throw new Error(`no bound gives ${strips} strips`);
  }

  it('is encoded to the latents that it has in one piece', async () => {
    const vae = await opened();
    const pixels = { height, width, data: values(3 * height * width) };
    const whole = await vae.encode(pixels, WHOLE);
    const cut = await vae.encode(pixels, await bounded(vae));
    expect(worst(cut.mean.data, whole.mean.data)).toBeLessThan(2e-5);
    expect(worst(cut.logvar.data, whole.logvar.data)).toBeLessThan(2e-5);
    expect(alive.size).toBe(0);
  });

  it('is decoded to the pixels that it has in one piece', async () => {
    const vae = await opened();
    const shape = vae.latentShape({ width, height });
    const latents = { ...shape, data: values(shape.channels * shape.height * shape.width) };
    const whole = await vae.decode(latents, WHOLE);
    const cut = await vae.decode(latents, await bounded(vae));
    expect([cut.height, cut.width]).toEqual([shape.height * 8, shape.width * 8]);
    expect(worst(cut.data, whole.data)).toBeLessThan(2e-5);
    expect(alive.size).toBe(0);
  });
});

it('keeps no more on the device than the two maps of a resnet and some rows', async () => {
  const vae = await opened();
  const [height, width] = [256, 64];
  const { blockOutChannels } = vae.config;
  const shape = vae.latentShape({ width, height });
  mostValues = 0;
  const latents = { ...shape, data: values(shape.channels * shape.height * shape.width) };
  await vae.decode(latents, { maxBufferBytes: 4 * blockOutChannels[1] * width * (8 + 2) });
  // The first resnet at full size reads as many channels as the resolution below has.
  const maps = (blockOutChannels[1] + blockOutChannels[0]) * height * width;
  expect(mostValues).toBeGreaterThan(maps);
  expect(mostValues).toBeLessThan(1.35 * maps);
});

it('stops between runs, and leaves nothing on the device', async () => {
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

it('stops at numbers that are none, as in one piece', async () => {
  const vae = await opened();
  const shape = vae.latentShape({ width: 32, height: 64 });
  const data = new Float32Array(shape.channels * shape.height * shape.width).fill(Number.NaN);
  await expect(vae.decode({ ...shape, data }, { maxBufferBytes: 50_000 })).rejects.toMatchObject({
    code: 'bad_checkpoint',
  });
});
