import { afterAll, describe, expect, it } from 'vitest';
import { run } from '../../../cli/verify/kinds/vae.ts';
import { VerifySession } from '../../../cli/verify/session.ts';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import { fixtureCase } from '../fixtures.node.ts';
import type { Vae } from './vae.ts';

const FOLDER = 'fixtures/goldens';
const session = new VerifySession(FOLDER, `${FOLDER}/model`, () => nodeRuntime({ threads: 1 }));
const opened = async (): Promise<Vae> => (await session.model()).vae();

afterAll(() => session.dispose());

function wave(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.sin(i / 7));
}

it.each(['vae_square_encode', 'vae_tall_encode', 'vae_square_decode', 'vae_tall_decode', 'vae_tiled_decode'])(
  'has the official values of %s',
  async (id) => {
    const golden = await fixtureCase(id);
    const comparisons = await run(golden, session);
    expect(comparisons.length).toBe(golden.outputs.length * (id.includes('tiled') ? 1 : 2));
    for (const { maxAbsError } of comparisons) expect(maxAbsError).toBeLessThan(2e-5);
  },
);

describe('encode', () => {
  it('gives latents of an eighth of the size, with clamped variances', async () => {
    const vae = await opened();
    const size = { width: 40, height: 24 };
    const { mean, logvar } = await vae.encode({ ...size, data: wave(3 * 40 * 24).map((x) => x * 1e4) });
    expect(mean).toMatchObject(vae.latentShape(size));
    expect(mean).toMatchObject({ channels: 16, height: 3, width: 5 });
    expect(logvar.data).toHaveLength(mean.data.length);
    for (const value of logvar.data) expect(Math.abs(value)).toBeLessThanOrEqual(value < 0 ? 30 : 20);
  });

  it('rejects a picture smaller than one latent pixel', async () => {
    const vae = await opened();
    const pixels = { width: 64, height: 7, data: new Float32Array(3 * 64 * 7) };
    await expect(vae.encode(pixels)).rejects.toMatchObject({
      code: 'bad_image',
      message: expect.stringContaining('64 × 7'),
    });
  });

  it('only tiles pictures larger than a tile', async () => {
    const vae = await opened();
    const pixels = { width: 48, height: 48, data: wave(3 * 48 * 48) };
    const whole = await vae.encode(pixels);
    expect((await vae.encode(pixels, { tileSide: 64 })).mean.data).toEqual(whole.mean.data);
    const inTiles = await vae.encode(pixels, { tileSide: 32 });
    expect(inTiles.mean).toMatchObject({ height: 6, width: 6 });
    expect(inTiles.mean.data).not.toEqual(whole.mean.data);
  });

  it('rejects tiles that do not overlap in whole latent pixels', async () => {
    const vae = await opened();
    const pixels = { width: 48, height: 48, data: wave(3 * 48 * 48) };
    await expect(vae.encode(pixels, { tileSide: 40 })).rejects.toMatchObject({ code: 'bad_request' });
  });
});

describe('latents', () => {
  it('are scaled for the transformer and back', async () => {
    const vae = await opened();
    const latents = { channels: 16, height: 2, width: 3, data: wave(96) };
    const back = vae.fromTransformer(vae.toTransformer(latents));
    back.data.forEach((value, i) => {
      expect(value).toBeCloseTo(latents.data[i], 5);
    });
    const { scalingFactor, shiftFactor } = vae.config;
    expect(vae.toTransformer(latents).data[1]).toBeCloseTo(
      (Math.sin(1 / 7) - shiftFactor) * scalingFactor,
      6,
    );
  });

  it('are the mean without noise, and sampled with noise', async () => {
    const vae = await opened();
    const shape = { channels: 1, height: 1, width: 2 };
    const posterior = {
      mean: { ...shape, data: Float32Array.of(1, 2) },
      logvar: { ...shape, data: Float32Array.of(0, Math.log(4)) },
    };
    expect([...vae.sample(posterior).data]).toEqual([1, 2]);
    expect([...vae.sample(posterior, Float32Array.of(-1, 0.5)).data]).toEqual([0, 3]);
  });
});
