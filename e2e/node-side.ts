/** Runs the same job under Node, to compare the page with it. */

import { readFile } from 'node:fs/promises';
import { expect, type Page, test } from '@playwright/test';
import { drawLimits } from '../src/omnigen2/draw-limits.ts';
import type { DrawInput } from '../src/omnigen2/pipeline.ts';
import { decodeImage } from '../src/pictures/decode.node.ts';
import type { RgbImage } from '../src/pictures/image.ts';
import { DEFAULT_SETTINGS } from '../src/settings/draw-settings.ts';
import { StudioPage, sample } from './studio-page.ts';

export const SEED = 11;

export const hooks = { now: () => performance.now() };

/**
 * The request of an unchanged form. Tests read `guidance` from the form, so that its defaults are compared,
 * too.
 */
export function options(
  prompt: string,
  references: readonly RgbImage[],
  steps: number,
  guidance: { readonly textGuidance: number; readonly imageGuidance: number },
  side = 128,
): DrawInput {
  const size = { width: side, height: side };
  const limits = drawLimits(size, { promptTokens: 80 });
  return { ...DEFAULT_SETTINGS, ...size, ...limits, ...guidance, prompt, references, steps, seed: SEED };
}

/** Opens the page and sets the form for pictures of `side` pixels. @returns the guidance in the form */
export async function beginSmall(page: Page, steps: number, side: number) {
  const studio = new StudioPage(page);
  await studio.open();
  await studio.modelReady();
  await studio.checksItself.uncheck();
  const guidance = await studio.setStepsAndSeed({ steps, side, seed: SEED });
  return { studio, guidance };
}

/** Saves the result in the page. @returns the picture in the file */
export async function saved(studio: StudioPage): Promise<RgbImage> {
  const [download] = await Promise.all([studio.page.waitForEvent('download'), studio.saveButton.click()]);
  return decodeImage(await readFile(await download.path()), 'the saved picture');
}

/**
 * Allows a difference of two grey levels, because two engines add in different orders and round differently.
 */
export function expectSamePixels(got: RgbImage, want: RgbImage): void {
  expect([got.width, got.height]).toEqual([want.width, want.height]);
  let worst = 0;
  let sum = 0;
  for (let i = 0; i < want.data.length; i++) {
    const error = Math.abs(got.data[i] - want.data[i]);
    worst = Math.max(worst, error);
    sum += error;
  }
  test.info().annotations.push({ type: 'largest difference', description: `${worst} grey levels` });
  expect(worst).toBeLessThanOrEqual(2);
  expect(sum / want.data.length).toBeLessThan(0.1);
  // The picture has more than one colour.
  expect(new Set(want.data).size).toBeGreaterThan(30);
}

/** A sample picture, decoded. */
export async function decodedSample(name: string): Promise<RgbImage> {
  return decodeImage(await readFile(sample(name)), name);
}
