/** The steps of a run: what each needs, and what it measures. */

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openCheckpoint } from '../../src/checkpoints/checkpoint.ts';
import { nodeFolder } from '../../src/checkpoints/folder.node.ts';
import { encodePng } from '../../src/pictures/encode.node.ts';
import { buildPage, MeasuredPage } from './browser-page.ts';
import { browserJob } from './browser-side.ts';
import { officialConfigs } from './configs.ts';
import { JOBS, referencePicture } from './jobs.ts';
import { makeCheckpoint } from './make-checkpoint.ts';
import { measuredProcess } from './measured-process.ts';
import type { Moment } from './moments.ts';
import { nodeJob } from './node-side.ts';
import { openFolder, openStored } from './open-model.ts';
import { type SideName, saveOutcome } from './outcome.ts';
import { plannedOnWasm, plannedOpenOnWebGpu } from './planned.ts';
import { digestOfSources } from './state.ts';
import { openOnWebGpu } from './webgpu-open.ts';

export const STEPS = ['make', 'convert', 'node', 'chromium-folder', 'chromium-opfs', 'webgpu-open'] as const;
export type StepName = (typeof STEPS)[number];

/** Figures of a step by name: seconds, or bytes. */
export type Figures = Readonly<Record<string, number>>;

export interface Run {
  readonly signal: AbortSignal;
  /** The folder of the run. */
  readonly dir: string;
  /** A converted checkpoint to use in place of the one that the run makes. */
  readonly checkpoint?: string;
  /** Receives a line of text about what is being done. */
  readonly log: (line: string) => void;
}

/** The sources that a step depends on, besides the steps before it. */
const SOURCES: Readonly<Record<StepName, readonly string[]>> = {
  make: [
    'cli/official-size/make-checkpoint.ts',
    'cli/official-size/random-weights.ts',
    'cli/official-size/configs.ts',
    'cli/official-size/byte-tokenizer.ts',
    'src/checkpoints/expected.ts',
  ],
  convert: ['cli/convert.ts', 'src/checkpoints/conversion', 'src/checkpoints/quantize.ts'],
  node: ['src/omnigen2', 'src/onnx', 'src/runtime', 'src/checkpoints'],
  'chromium-folder': ['src', 'workers'],
  'chromium-opfs': ['src', 'workers'],
  'webgpu-open': ['src/omnigen2', 'src/onnx', 'src/runtime', 'src/checkpoints'],
};

/** Names what a step depends on. A step that was done with the same key need not be done again. */
export async function keyOf(step: StepName, { checkpoint }: Pick<Run, 'checkpoint'>): Promise<string> {
  const before =
    checkpoint ?? (step === 'make' ? '' : await keyOf(step === 'convert' ? 'make' : 'convert', {}));
  return digestOfSources(SOURCES[step], before);
}

/**
 * Does a step.
 * @throws OmniError with what failed; the reason of `signal` after an abort
 */
export async function doStep(step: StepName, run: Run): Promise<Figures> {
  switch (step) {
    case 'make':
      return make(run);
    case 'convert':
      return convert(run);
    case 'node':
      return onNode(run);
    case 'chromium-folder':
    case 'chromium-opfs':
      return inChromium(run, step);
    case 'webgpu-open':
      return onWebGpu(run);
    default:
      return step satisfies never;
  }
}

/** The checkpoint that the jobs use. */
export function checkpointOf({ dir, checkpoint }: Pick<Run, 'dir' | 'checkpoint'>): string {
  return checkpoint ?? join(dir, 'q4');
}

async function make({ signal, dir, log }: Run): Promise<Figures> {
  let next = 0;
  const started = performance.now();
  await makeCheckpoint(signal, join(dir, 'bf16'), officialConfigs(), ({ writtenBytes, totalBytes }) => {
    const percent = (100 * writtenBytes) / totalBytes;
    if (percent < next) return;
    log(`${Math.round(percent)} % of ${(totalBytes / 1e9).toFixed(1)} GB`);
    next += 10;
  });
  const { sizeBytes } = await openCheckpoint(nodeFolder(join(dir, 'bf16')));
  return { sizeBytes, seconds: (performance.now() - started) / 1000 };
}

async function convert({ signal, dir, log }: Run): Promise<Figures> {
  const [from, to] = [join(dir, 'bf16'), join(dir, 'q4')];
  await rm(to, { recursive: true, force: true });
  const { memory, seconds } = await measuredProcess(
    signal,
    ['cli/convert.ts', '--from', from, '--to', to, '--weights', 'q4'],
    log,
  );
  const before = await openCheckpoint(nodeFolder(from));
  const after = await openCheckpoint(nodeFolder(to));
  const peak = memory.peak();
  return {
    fromBytes: before.sizeBytes,
    toBytes: after.sizeBytes,
    seconds,
    ...(peak && { peakRssBytes: peak.rssBytes }),
  };
}

async function onNode(run: Run): Promise<Figures> {
  const { signal, dir, log } = run;
  for (const job of JOBS) {
    log(`${job}:`);
    await saveOutcome(dir, 'node', await nodeJob(signal, dir, checkpointOf(run), job, shown(log)));
  }
  return {};
}

async function inChromium(run: Run, side: SideName): Promise<Figures> {
  const { signal, dir, log } = run;
  const reference = join(dir, 'reference.png');
  await writeFile(reference, await encodePng(referencePicture()));
  const checkpoint = await openCheckpoint(nodeFolder(checkpointOf(run)));
  await buildPage(dir);
  // Without the models of an earlier run.
  const profile = join(dir, 'profile');
  await rm(profile, { recursive: true, force: true });
  const measured = await MeasuredPage.open(dir, reference);
  try {
    const installSeconds = await (side === 'chromium-folder' ? openFolder : openStored)(
      signal,
      measured,
      checkpointOf(run),
    );
    for (const job of JOBS) {
      log(`${job}:`);
      const planned = plannedOnWasm(checkpoint, job);
      const work = { dir, side, reference, planned, onMoment: shown(log) };
      await saveOutcome(dir, side, await browserJob(signal, measured, job, work));
    }
    return { ...(installSeconds !== undefined && { installSeconds }) };
  } finally {
    await measured.close();
    await rm(profile, { recursive: true, force: true });
  }
}

async function onWebGpu(run: Run): Promise<Figures> {
  const folder = checkpointOf(run);
  const { seconds, layers, rendererBytes, rendererOwnBytes, gpuBytes } = await openOnWebGpu(run.dir, folder);
  return {
    seconds,
    layers,
    plannedGpuBytes: plannedOpenOnWebGpu(await openCheckpoint(nodeFolder(folder))),
    ...(rendererBytes !== undefined && { rendererBytes }),
    ...(rendererOwnBytes !== undefined && { rendererOwnBytes }),
    ...(gpuBytes !== undefined && { gpuBytes }),
  };
}

function shown(log: Run['log']): (moment: Moment) => void {
  let last = Date.now();
  return ({ name, atMs }) => {
    log(`  ${name} (${((atMs - last) / 1000).toFixed(1)} s)`);
    last = atMs;
  };
}
