/** The drawings that the benchmark times and compares. Every step is guided. */

import { readFile } from 'node:fs/promises';
import { settingsFor } from '../../src/omnigen2/fixtures.node.ts';
import type { DrawInput } from '../../src/omnigen2/pipeline.ts';
import { decodeImage } from '../../src/pictures/decode.node.ts';

const SETTINGS = {
  ...settingsFor({ width: 128, height: 128 }, { promptTokens: 80 }),
  steps: 20,
  seed: 1,
  textGuidance: 4,
  imageGuidance: 2,
} as const;

/** A drawing from a prompt: 128 x 128, 20 steps, text guidance 4. */
export function fromWords(prompt = 'a red house in the snow'): DrawInput {
  return { ...SETTINGS, prompt, references: [] };
}

/** An edit of a sample picture: 128 x 128, 20 steps, text guidance 4, image guidance 2. */
export async function edit(prompt = 'Make it night.', sample = 'house-in-snow'): Promise<DrawInput> {
  const bytes = await readFile(new URL(`../../public/samples/${sample}.png`, import.meta.url));
  return { ...SETTINGS, prompt, references: [await decodeImage(bytes, sample)] };
}
