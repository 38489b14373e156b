/** The tables of a run. */

import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { decodeImage } from '../../src/pictures/decode.node.ts';
import { figure, type Table } from '../bench/table.ts';
import { readResults } from '../docs/results.ts';
import { ROOT } from '../models.ts';
import { comparePictures, distinctValues } from './compare.ts';
import { STEPS as DENOISING_STEPS, JOBS, type JobName, SIDE } from './jobs.ts';
import { DONE, stepSeconds } from './moments.ts';
import { type Outcome, pictureFile, SIDES, type SideName, savedOutcome } from './outcome.ts';
import type { DoneStep, RunState } from './state.ts';
import { STEPS } from './steps.ts';

const NOT_MEASURED = 'not measured';
const SHORT_STAGE_SECONDS = 0.1;

/** Names of the sides for a person. */
const SIDE_NAMES: Readonly<Record<SideName, string>> = {
  node: 'Node',
  'chromium-folder': 'Chromium, WebAssembly, from a picked folder',
  'chromium-opfs': "Chromium, WebAssembly, from the browser's storage",
};

type Outcomes = Readonly<Record<SideName, Readonly<Partial<Record<JobName, Outcome>>>>>;

/** All tables of what a folder holds. */
export async function reportTables(dir: string, state: RunState): Promise<Table[]> {
  const outcomes = await outcomesIn(dir);
  return [
    await targets(outcomes, state),
    jobsTable(outcomes),
    plannedTable(outcomes, state),
    await differences(dir, outcomes),
    stagesTable(outcomes),
    stepsTable(state),
  ];
}

async function outcomesIn(dir: string): Promise<Outcomes> {
  const of = async (side: SideName) =>
    Object.fromEntries(await Promise.all(JOBS.map(async (job) => [job, await savedOutcome(dir, side, job)])));
  const [node, folder, opfs] = await Promise.all(SIDES.map(of));
  return { node, 'chromium-folder': folder, 'chromium-opfs': opfs };
}

/** A target that a figure must not exceed. */
interface Target {
  readonly what: string;
  readonly wanted: string;
  readonly measured: number | undefined;
  readonly limit: number;
  readonly atLeast?: boolean;
  readonly unit: (value: number) => string;
}

async function targets(outcomes: Outcomes, state: RunState): Promise<Table> {
  const conversion = state.get('convert')?.figures;
  const opened = state.get('webgpu-open')?.figures;
  const node = outcomes.node.words;
  const rows: Target[] = [
    {
      what: `Node, ${SIDE} x ${SIDE} from words, guided: a step`,
      wanted: '<= 70 s',
      measured: node && longestStep(node),
      limit: 70,
      unit: seconds,
    },
    {
      what: 'Node: memory of the process, largest of the three jobs',
      wanted: '<= 6 GB',
      measured: largest(outcomes.node, 'peakRssBytes'),
      limit: 6e9,
      unit: gigabytes,
    },
    ...(['chromium-folder', 'chromium-opfs'] as const).flatMap((side): Target[] => [
      {
        what: `${SIDE_NAMES[side]}, from words, guided: WebAssembly heap`,
        wanted: '<= 2.9 GB',
        measured: outcomes[side].words?.wasmHeapBytes,
        limit: 2.9e9,
        unit: gigabytes,
      },
      {
        what: `${SIDE_NAMES[side]}: JavaScript heap of the worker, largest of the three jobs`,
        wanted: '<= 300 MB',
        measured: largest(outcomes[side], 'jsHeapBytes'),
        limit: 300e6,
        unit: megabytes,
      },
    ]),
    {
      what: `${opened?.layers ?? 'all'} layers open on WebGPU (software adapter)`,
      wanted: '<= 15 s',
      measured: opened?.seconds,
      limit: 15,
      unit: seconds,
    },
    {
      what: "the same: memory of the renderer, with the browser's program",
      wanted: '<= 350 MB',
      measured: opened?.rendererBytes,
      limit: 350e6,
      unit: megabytes,
    },
    {
      what: 'the same: memory of the renderer that is its own',
      wanted: '<= 350 MB',
      measured: opened?.rendererOwnBytes,
      limit: 350e6,
      unit: megabytes,
    },
    {
      what: 'conversion, of bytes read',
      wanted: '>= 60 MB/s',
      measured: conversion && conversion.fromBytes / conversion.seconds / 1e6,
      limit: 60,
      atLeast: true,
      unit: (value) => `${figure(value)} MB/s`,
    },
    {
      what: 'conversion: memory of the process',
      wanted: '< 600 MB',
      measured: conversion?.peakRssBytes,
      limit: 600e6,
      unit: megabytes,
    },
  ];
  return {
    title: 'The official size',
    method:
      'A checkpoint with the shapes of the released OmniGen2 (4B + 3B) and random weights, converted to 4 bits. Its pictures mean ' +
      'nothing; they show that the model runs and what it needs. Each side draws from words, edits a picture and answers a question ' +
      `about it: ${SIDE} x ${SIDE} pixels, ${DENOISING_STEPS} steps, guidance in every step. Memory is resident memory as the system reports it, ` +
      "sampled five times a second. The pages of the browser's program are mapped from its file, and all its processes share them.",
    columns: ['what', 'wanted', 'measured', 'met'],
    rows: [...rows.map(targetRow), ...(await quotedRows())],
  };
}

function targetRow({ what, wanted, measured, limit, atLeast = false, unit }: Target): string[] {
  if (measured === undefined) return [what, wanted, NOT_MEASURED, ''];
  const met = atLeast ? measured >= limit : measured <= limit;
  return [what, wanted, unit(measured), met ? 'yes' : 'no'];
}

/** Rows that other commands measure. */
async function quotedRows(): Promise<string[][]> {
  const results = await readResults(ROOT);
  const rowsOf = (name: string) => results.get(name)?.tables[0].rows ?? [];
  const engine = rowsOf('download').find(([name]) => name === 'engine');
  // WebGPU and WebAssembly, each without and with compression.
  const megabytesOfEngine = engine && Math.max(...[engine[1], engine[3]].map(Number.parseFloat));
  const fastest = new Map<string, number>();
  for (const [name, , , faster] of rowsOf('export')) {
    const ratio = Number.parseFloat(faster);
    if (ratio > (fastest.get(name) ?? 0)) fastest.set(name, ratio);
  }
  return [
    targetRow({
      what: 'first visit: bytes of the engine ([measured](download.md))',
      wanted: '<= 17 MB',
      measured: megabytesOfEngine,
      limit: 17,
      unit: (value) => `${value} MB`,
    }),
    ...[...fastest].map(([name, ratio]) =>
      targetRow({
        what: `a picture against a plain torch.onnx export, ${name} ([measured](export.md))`,
        wanted: '>= 2 x',
        measured: ratio,
        limit: 2,
        atLeast: true,
        unit: (value) => `${value} x`,
      }),
    ),
  ];
}

function jobsTable(outcomes: Outcomes): Table {
  return {
    title: 'The jobs',
    method:
      'From the start of a job to its end. Loading is part of it: of everything under Node, where each job is a process of its own; ' +
      'of parts that are not loaded yet in Chromium, where the three jobs run one after the other in one tab. The WebAssembly heap is ' +
      'its size at the end of the job; it never shrinks. The JavaScript heap is that of the worker, with array buffers, sampled once a second.',
    columns: [
      'side',
      'job',
      'whole job',
      'each step',
      'a token',
      'process',
      'WebAssembly heap',
      'JavaScript heap',
    ],
    rows: SIDES.flatMap((side) =>
      JOBS.map((job) => {
        const outcome = outcomes[side][job];
        if (!outcome) return [SIDE_NAMES[side], job, NOT_MEASURED, '', '', '', '', ''];
        const { peakRssBytes, wasmHeapBytes, jsHeapBytes } = outcome;
        return [
          SIDE_NAMES[side],
          job,
          seconds(wholeSeconds(outcome)),
          stepSeconds(outcome.moments).map(seconds).join(', '),
          optional(tokenSeconds(outcome), seconds),
          optional(peakRssBytes, gigabytes),
          optional(wasmHeapBytes, gigabytes),
          optional(jsHeapBytes, megabytes),
        ];
      }),
    ),
  };
}

/** A plan and the peak that was measured. */
interface Planned {
  readonly where: string;
  readonly job: string;
  readonly plan: string;
  readonly plannedBytes: number;
  readonly measuredBytes: number;
}

function plannedTable(outcomes: Outcomes, state: RunState): Table {
  const rows = SIDES.flatMap((side) =>
    JOBS.flatMap((job): Planned[] => {
      const outcome = outcomes[side][job];
      const measuredBytes = side === 'node' ? outcome?.peakRssBytes : outcome?.wasmHeapBytes;
      if (!outcome?.planned || measuredBytes === undefined) return [];
      const { plan, peakBytes } = outcome.planned;
      return [{ where: SIDE_NAMES[side], job, plan, plannedBytes: peakBytes, measuredBytes }];
    }),
  );
  const { plannedGpuBytes, gpuBytes } = state.get('webgpu-open')?.figures ?? {};
  if (plannedGpuBytes !== undefined && gpuBytes !== undefined) {
    rows.push({
      where: 'Chromium, WebGPU on a software adapter',
      job: 'open all layers',
      plan: 'all layers of the transformer',
      plannedBytes: plannedGpuBytes,
      measuredBytes: gpuBytes,
    });
  }
  return {
    title: 'Planned and measured memory',
    method:
      'The most memory of the plan that a drawing follows, as `generate --plan` prints it, and what was measured: the process under ' +
      'Node, the WebAssembly heap, and the GPU process on WebGPU.',
    columns: ['side', 'job', 'plan', 'planned', 'measured', 'difference'],
    rows: rows.map(({ where, job, plan, plannedBytes, measuredBytes }) => [
      where,
      job,
      plan,
      gigabytes(plannedBytes),
      gigabytes(measuredBytes),
      `${figure(100 * (plannedBytes / measuredBytes - 1))} %`,
    ]),
  };
}

async function differences(dir: string, outcomes: Outcomes): Promise<Table> {
  const rows: string[][] = [];
  for (const side of SIDES.slice(1)) {
    for (const job of ['words', 'edit'] as const) {
      const [node, other] = [pictureFile(dir, 'node', job), pictureFile(dir, side, job)];
      if (!existsSync(node) || !existsSync(other)) continue;
      const [a, b] = await Promise.all(
        [node, other].map(async (file) => decodeImage(await readFile(file), file)),
      );
      const found = comparePictures(a, b);
      rows.push([
        job,
        SIDE_NAMES[side],
        found
          ? `${found.largest} grey levels at most, ${found.different} of ${found.values} values differ`
          : `${b.width} x ${b.height} pixels in place of ${a.width} x ${a.height}`,
        `${distinctValues(a)} different values in Node's picture`,
      ]);
    }
    const [node, other] = [outcomes.node.ask?.answer, outcomes[side].ask?.answer];
    if (node === undefined || other === undefined) continue;
    rows.push([
      'ask',
      SIDE_NAMES[side],
      node === other ? 'the same text' : 'another text',
      `"${node}"${node === other ? '' : ` and "${other}"`}`,
    ]);
  }
  return {
    title: 'The same results',
    method: 'What the page gave, against what Node gave for the same request.',
    columns: ['job', 'against Node', 'difference', ''],
    rows,
  };
}

function stagesTable(outcomes: Outcomes): Table {
  return {
    title: 'Stages',
    method:
      'Each stage lasts until the next one begins; those under a tenth of a second are left out. Memory is the largest of the ' +
      'process in that stage.',
    columns: ['side', 'job', 'stage', 'time', 'process'],
    rows: SIDES.flatMap((side) =>
      JOBS.flatMap((job) =>
        (outcomes[side][job]?.stages ?? [])
          .filter((stage) => stage.seconds >= SHORT_STAGE_SECONDS)
          .map(({ name, seconds: time, peakRssBytes }) => [
            SIDE_NAMES[side],
            job,
            name,
            seconds(time),
            optional(peakRssBytes, gigabytes),
          ]),
      ),
    ),
  };
}

function stepsTable(state: RunState): Table {
  const done = STEPS.map((step): [string, DoneStep | undefined] => [step, state.get(step)]);
  return {
    title: 'Steps of this run',
    method: 'Each step with the commit that it was done at.',
    columns: ['step', 'commit', 'time', 'figures'],
    rows: done.map(([step, each]) =>
      each
        ? [step, each.commit, seconds(each.seconds), figureWords(each.figures)]
        : [step, NOT_MEASURED, '', ''],
    ),
  };
}

function figureWords(figures: Readonly<Record<string, number>>): string {
  return Object.entries(figures)
    .map(([name, value]) => `${name} ${/bytes$/i.test(name) ? megabytes(value) : figure(value)}`)
    .join(', ');
}

function largest(
  outcomes: Readonly<Partial<Record<JobName, Outcome>>>,
  name: 'peakRssBytes' | 'wasmHeapBytes' | 'jsHeapBytes',
): number | undefined {
  const known = JOBS.map((job) => outcomes[job]?.[name]).filter((value) => value !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}

function longestStep({ moments }: Outcome): number | undefined {
  const steps = stepSeconds(moments);
  return steps.length === 0 ? undefined : Math.max(...steps);
}

function wholeSeconds({ moments }: Outcome): number {
  const end = moments.find(({ name }) => name === DONE) ?? moments[moments.length - 1];
  return (end.atMs - moments[0].atMs) / 1000;
}

/** Seconds between the tokens of an answer. */
function tokenSeconds({ moments }: Outcome): number | undefined {
  const words = moments.filter(({ name }) => name === 'answering');
  if (words.length < 2) return undefined;
  return (words[words.length - 1].atMs - words[0].atMs) / 1000 / (words.length - 1);
}

function optional(value: number | undefined, unit: (value: number) => string): string {
  return value === undefined ? '' : unit(value);
}

function seconds(value: number): string {
  return `${figure(value)} s`;
}

function megabytes(value: number): string {
  return `${figure(value / 1e6)} MB`;
}

function gigabytes(value: number): string {
  return value < 1e9 ? megabytes(value) : `${figure(value / 1e9)} GB`;
}
