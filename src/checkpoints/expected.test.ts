import { describe, expect, it } from 'vitest';
import { officialConfigs } from '../../cli/official-size/configs.ts';
import { parseMllmConfig, parseTransformerConfig, parseVaeConfig } from '../config/parse.ts';
import { STORED_SIZE_BYTES } from '../tensors/stored.ts';
import { openCheckpoint } from './checkpoint.ts';
import { layoutOf } from './conversion/files.ts';
import { planConversion, type WeightFormat } from './conversion/plan.ts';
import { type ExpectedTensor, expectedMllm, expectedTransformer, expectedVae } from './expected.ts';
import { fixtureFiles, setText, WEIGHTS } from './fixture.node.ts';
import { type CheckpointFolder, memoryFolder } from './folder.ts';
import { elementCount, layoutSafetensors } from './safetensors.ts';

const CONFIGS = officialConfigs();

const EXPECTED = {
  transformer: expectedTransformer(
    parseTransformerConfig(CONFIGS['transformer/config.json'], 'transformer/config.json'),
  ),
  vae: expectedVae(parseVaeConfig(CONFIGS['vae/config.json'], 'vae/config.json')),
  mllm: expectedMllm(parseMllmConfig(CONFIGS['mllm/config.json'], 'mllm/config.json')),
};

const parameters = (tensors: readonly ExpectedTensor[]) =>
  tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);

describe('the released model', () => {
  it('has the published number of parameters', () => {
    // Qwen2.5-VL-3B-Instruct: 3,754,622,976 parameters in 824 tensors; the FLUX.1 VAE: 83,819,683.
    expect(EXPECTED.mllm).toHaveLength(824);
    expect(parameters(EXPECTED.mllm)).toBe(3_754_622_976);
    expect(parameters(EXPECTED.vae)).toBe(83_819_683);
    // "~4B" in the paper.
    expect(parameters(EXPECTED.transformer) / 1e9).toBeCloseTo(3.97, 2);
  });

  it.each<[WeightFormat, number]>([
    ['f16', 15.6],
    ['q8', 8.4],
    ['q4', 4.7],
  ])('has as %s %f GB', async (weights, gigabytes) => {
    const plan = await planConversion(await openCheckpoint(await releasedFolder()), { weights });
    expect(plan.afterBytes / 1e9).toBeCloseTo(gigabytes, 1);
  });

  it('is cut at groups of 4 transformer layers in 4 bits, with nothing else in their files', async () => {
    const plan = await planConversion(await openCheckpoint(await releasedFolder()), { weights: 'q4' });
    const layersOf = (component: 'transformer' | 'mllm', pattern: RegExp) =>
      plan.components[component].map(({ actions }) => [
        ...new Set(actions.map(({ name }) => Number(pattern.exec(name)?.[1] ?? -1))),
      ]);
    const four = (first: number) => [first, first + 1, first + 2, first + 3];
    expect(layersOf('transformer', /^layers\.(\d+)/)).toEqual([
      ...[[-1], [-1]],
      ...[0, 4, 8, 12, 16, 20, 24, 28].map(four),
    ]);
    const language = layersOf('mllm', /^model\.layers\.(\d+)/);
    expect(language.flat().filter((layer) => layer >= 0)).toEqual([...Array(36).keys()]);
    expect(language.map((layers) => layers.length)).toEqual([1, 5, 4, 5, 4, 5, 4, 5, 4, 1, 1]);
    expect(plan.components.mllm[0].actions.map(({ name }) => name)).toEqual([
      'model.embed_tokens.weight',
      'model.norm.weight',
    ]);
    expect(plan.components.vae).toHaveLength(1);
    for (const file of [...plan.components.transformer, ...plan.components.mllm.slice(1)]) {
      expect(layoutOf(file).sizeBytes).toBeLessThan(256e6);
    }
  });

  it('has the layers of a file one after the other, and every tensor aligned', async () => {
    const plan = await planConversion(await openCheckpoint(await releasedFolder()), { weights: 'q4' });
    const layout = layoutOf(plan.components.transformer[2]);
    const layers = layout.tensors.map(({ name }) => name.split('.')[1]);
    expect(layers.filter((layer, i) => layer !== layers[i - 1])).toEqual(['0', '1', '2', '3']);
    for (const { dtype, offset } of layout.tensors) expect(offset % STORED_SIZE_BYTES[dtype]).toBe(0);
  });
});

/** Configurations and headers of the released checkpoint in bfloat16, without data. */
async function releasedFolder(): Promise<CheckpointFolder> {
  const files = await fixtureFiles();
  setText(files, 'transformer/config.json', JSON.stringify(CONFIGS['transformer/config.json']));
  setText(files, 'vae/config.json', JSON.stringify(CONFIGS['vae/config.json']));
  setText(files, 'mllm/config.json', JSON.stringify(CONFIGS['mllm/config.json']));
  const sizes = new Map<string, number>();
  for (const [component, path] of Object.entries(WEIGHTS)) {
    const tensors = EXPECTED[component as keyof typeof WEIGHTS];
    const layout = layoutSafetensors(
      [tensors.map(({ name, shape }) => ({ name, shape, dtype: 'BF16' as const }))],
      path,
    );
    files.set(path, layout.header);
    sizes.set(path, layout.sizeBytes);
  }
  const inner = memoryFolder('OmniGen2', files);
  return {
    ...inner,
    list: async () =>
      (await inner.list()).map(({ path, sizeBytes }) => ({ path, sizeBytes: sizes.get(path) ?? sizeBytes })),
  };
}
