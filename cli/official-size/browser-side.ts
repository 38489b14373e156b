/** The jobs in the real page, in Chromium on WebAssembly. */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { encodePng } from '../../src/pictures/encode.node.ts';
import { type MeasuredPage, recordedPicture } from './browser-page.ts';
import { type JobName, PROMPTS } from './jobs.ts';
import { DONE, type Moment } from './moments.ts';
import { type Outcome, outcomeOf, pictureFile, type SideName } from './outcome.ts';
import type { Recorded } from './recorder.ts';

export interface BrowserWork {
  readonly dir: string;
  readonly side: SideName;
  /** Path of the PNG file that is edited and asked about. */
  readonly reference: string;
  readonly planned: Outcome['planned'];
  readonly onMoment: (moment: Moment) => void;
}

/**
 * Does one job in a page whose model is ready.
 * @throws OmniError `device` with the words of the page if it fails
 */
export async function browserJob(
  signal: AbortSignal,
  measured: MeasuredPage,
  job: JobName,
  { dir, side, reference, planned, onMoment }: BrowserWork,
): Promise<Outcome> {
  await measured.reset();
  measured.worker.startSampling();
  let recorded: Recorded;
  let peakJsBytes: number;
  try {
    await start(measured, job, reference);
    recorded = await measured.reached(signal, DONE, onMoment);
  } finally {
    peakJsBytes = measured.worker.stopSampling();
  }
  if (job !== 'ask') {
    const file = pictureFile(dir, side, job);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, await encodePng(recordedPicture(recorded)));
  }
  return outcomeOf(job, recorded.moments, measured.memory, {
    wasmHeapBytes: await measured.worker.wasmHeapBytes(),
    jsHeapBytes: Math.max(peakJsBytes, await measured.worker.jsHeapBytes()),
    planned,
    answer: recorded.answer,
  });
}

/** Does on the page what a person does. */
async function start({ page, studio }: MeasuredPage, job: JobName, reference: string): Promise<void> {
  const prompt = PROMPTS[job];
  if (job === 'ask') {
    await studio.questions.getByLabel('Your question').fill(prompt);
    await studio.questions.getByRole('button', { name: 'Ask' }).click();
    return;
  }
  await studio.removeReferences();
  if (job === 'edit') {
    await page.getByTestId('pick-pictures').first().setInputFiles(reference);
    await studio.references.first().waitFor();
  }
  await studio.draw(prompt);
}
