/**
 * Fixtures: a tiny random checkpoint in the official layout, and the results of the official code with it.
 */

import { fileURLToPath } from 'node:url';
import { readIndex } from '../../cli/verify/goldens.ts';
import type { GoldenCase } from '../../cli/verify/types.ts';
import { type Checkpoint, openCheckpoint } from '../checkpoints/checkpoint.ts';
import { nodeFolder } from '../checkpoints/folder.node.ts';
import type { Size } from '../pictures/image.ts';
import { DEFAULT_SETTINGS } from '../settings/draw-settings.ts';
import type { FractionRange } from '../settings/setting.ts';
import { drawLimits } from './draw-limits.ts';
import { CPU_NUMERICS } from './graphs/numerics.ts';
import type { MllmSource } from './language/mllm.ts';
import { weightBytes } from './model.ts';

const GOLDENS = fileURLToPath(new URL('../../fixtures/goldens', import.meta.url));

/** One recorded case with its tensors. */
export async function fixtureCase(id: string): Promise<GoldenCase> {
  const listed = (await readIndex(GOLDENS)).cases.find((golden) => golden.id === id);
  if (!listed) throw new Error(`fixtures/goldens has no case ${id}`);
  return listed.read();
}

/** The checkpoint that the cases were recorded with. */
export async function fixtureCheckpoint(): Promise<Checkpoint> {
  return openCheckpoint(await nodeFolder(`${GOLDENS}/model`));
}

/** Settings and limits for tests, guided in every step as the official pipeline is by default. */
export function settingsFor(size: Size, { promptTokens } = { promptTokens: 1024 }) {
  const guidanceRange: FractionRange = [0, 1];
  return { ...DEFAULT_SETTINGS, ...size, guidanceRange, ...drawLimits(size, { promptTokens }) };
}

/** Its language model. */
export function mllmSource({ components: { mllm }, folder, readTensor }: Checkpoint): MllmSource {
  return {
    component: mllm,
    numerics: CPU_NUMERICS,
    read: (path, offset, length) => folder.read(path, offset, length),
    bytes: weightBytes(folder, readTensor),
  };
}
