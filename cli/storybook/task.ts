/** The type of a benchmark task, and the loop that runs a task case by case. */

import { isAbort, reportOf } from '../../src/errors.ts';
import type { Judge } from '../../src/judge/judge.ts';
import { type JudgedRequest, judgeRequest } from '../../src/judge/request.ts';
import { ask } from '../../src/omnigen2/language/ask.ts';
import type { OmniGen2Model } from '../../src/omnigen2/model.ts';
import { type DrawInput, draw } from '../../src/omnigen2/pipeline.ts';
import type { RgbImage } from '../../src/pictures/image.ts';
import { MAX_NEW_TOKENS } from '../../src/settings/answer-settings.ts';
import type { Case } from '../../src/storybook/cases/case.ts';
import type { Claim } from '../../src/storybook/language/claim.ts';
import type { Scene } from '../../src/storybook/scene.ts';
import { pictureOf } from './cases.ts';
import type { Failure, Figure, TaskFigures } from './figures.ts';
import { CaseProgress } from './progress.ts';
import { roundTrip } from './round-trip.ts';

/** The model, the judge and the settings with which cases are measured. */
export interface Tools {
  readonly model: OmniGen2Model;
  readonly judge: Judge;
  /** The settings of all drawings. */
  readonly drawing: Omit<DrawInput, 'prompt' | 'references' | 'seed'>;
  readonly signal: AbortSignal;
}

/** The result of one case. */
export interface Measured<Outcome> {
  readonly outcome: Outcome;
  /** What the judge or the model said about it, line by line. */
  readonly said: readonly string[];
  /** The picture that was drawn. */
  readonly result?: RgbImage;
}

/** A task of the benchmark. `Outcome` holds what its figures count. */
export interface BenchTask<Outcome> {
  readonly title: string;
  readonly cases: (seed: number, n: number) => readonly Case[];
  /** Measures one case. @param seed seed of its drawing */
  readonly measure: (tools: Tools, given: Case, seed: number) => Promise<Measured<Outcome>>;
  /** The outcome of a case that ended with an error. */
  readonly failed: (given: Case) => Outcome;
  readonly figures: (outcomes: readonly Outcome[]) => readonly Figure[];
}

/** The report on one case. */
export interface CaseReport {
  readonly id: string;
  readonly kind: string;
  /** The question or instruction. */
  readonly prompt: string;
  readonly said: readonly string[];
  readonly outcome: unknown;
}

/** The pictures of one case: the references, the target and the drawing. */
export interface ShownCase {
  readonly report: CaseReport;
  readonly references: readonly RgbImage[];
  readonly truth: RgbImage | undefined;
  readonly result: RgbImage | undefined;
}

export interface TaskReport extends TaskFigures {
  readonly reports: readonly CaseReport[];
  readonly shown: readonly ShownCase[];
}

export interface RunOptions {
  readonly seed: number;
  readonly n: number;
  /** Number of cases whose pictures are returned. */
  readonly show: number;
}

/** Runs a task, whatever the type of its outcomes. */
export type RunTask = (tools: Tools, name: string, options: RunOptions) => Promise<TaskReport>;

/**
 * The function that runs a task. It measures every case; a case that throws counts as failed and is listed.
 * The function throws an AbortError after an abort.
 */
export function runnable<Outcome>(task: BenchTask<Outcome>): RunTask {
  return async (tools, name, { seed, n, show }) => {
    const cases = task.cases(seed, n);
    const progress = new CaseProgress(name, cases.length);
    const start = performance.now();
    const outcomes: Outcome[] = [];
    const reports: CaseReport[] = [];
    const shown: ShownCase[] = [];
    const failures: Failure[] = [];
    try {
      for (const [i, given] of cases.entries()) {
        tools.signal.throwIfAborted();
        const id = `${name}-${i + 1}`;
        const { outcome, said, result } = await measureCase(task, tools, given, (seed + i) >>> 0, (message) =>
          failures.push({ id, message }),
        );
        outcomes.push(outcome);
        const prompt = given.question ?? given.instruction ?? '';
        const report = { id, kind: given.kind, prompt, said, outcome };
        reports.push(report);
        if (i < show) {
          const truth = given.target ? pictureOf(given.target) : undefined;
          shown.push({ report, references: given.refs.map(pictureOf), truth, result });
        }
        progress.done(i + 1);
      }
    } finally {
      progress.end();
    }
    const seconds = (performance.now() - start) / 1000;
    const figures = task.figures(outcomes);
    return { title: task.title, cases: cases.length, seconds, figures, failures, reports, shown };
  };
}

async function measureCase<Outcome>(
  task: BenchTask<Outcome>,
  tools: Tools,
  given: Case,
  seed: number,
  fail: (message: string) => void,
): Promise<Measured<Outcome>> {
  try {
    return await task.measure(tools, given, seed);
  } catch (error) {
    if (tools.signal.aborted && isAbort(error)) throw error;
    const { message } = reportOf(error, 'The case');
    fail(message);
    return { outcome: task.failed(given), said: [`error: ${message}`] };
  }
}

/** Draws the picture that a case asks for, as the `generate` command does. */
export async function drawRequest(
  { model, drawing, signal }: Tools,
  { instruction, refs }: Case,
  seed: number,
): Promise<RgbImage> {
  const references = refs.map(pictureOf);
  const { image } = await draw(
    model,
    { ...drawing, prompt: instruction ?? '', references, seed },
    { signal },
  );
  return image;
}

/**
 * The target of a case after a round trip through the VAE. The judge's score for it is an upper bound of a
 * drawing's.
 */
export async function targetPicture({ model }: Tools, { target, instruction }: Case): Promise<RgbImage> {
  if (!target) throw new Error(`"${instruction}" asks for no picture`);
  return roundTrip(model, pictureOf(target));
}

/** The model's answer to the question of a case, with greedy decoding, as on the page. */
export async function answerQuestion(
  { model, signal }: Tools,
  { question, refs }: Case,
): Promise<Awaited<ReturnType<typeof ask>>> {
  return ask(model, question ?? '', refs.map(pictureOf), {
    maxNewTokens: MAX_NEW_TOKENS.default,
    signal,
  });
}

/** The claims that the words of a case request. @throws Error if there are none */
export function requestedClaims({ requested, instruction }: Case): readonly Claim[] {
  if (!requested || requested.length === 0) throw new Error(`"${instruction}" requests nothing`);
  return requested;
}

/** The judge's score for a picture, and its answer to every check, one a line. */
export async function judgePicture(
  { judge }: Tools,
  picture: RgbImage,
  wanted: readonly Claim[] | Scene,
): Promise<JudgedRequest & { readonly lines: readonly string[] }> {
  const score = await judgeRequest(judge, picture, wanted);
  return { ...score, lines: score.checks.map(({ question, yes }) => `${question} ${yes ? 'yes' : 'no'}`) };
}
