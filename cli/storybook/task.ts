/** What a task of the benchmark is, and how all of them are run: case by case, and none is left out. */

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

/** What cases are measured with. */
export interface Tools {
  readonly model: OmniGen2Model;
  readonly judge: Judge;
  /** How pictures are drawn. */
  readonly drawing: Omit<DrawInput, 'prompt' | 'references' | 'seed'>;
  readonly signal: AbortSignal;
}

/** What came of one case. */
export interface Measured<Outcome> {
  readonly outcome: Outcome;
  /** What the judge or the model said of it, line by line. */
  readonly said: readonly string[];
  /** The picture that was drawn. */
  readonly result?: RgbImage;
}

export interface BenchTask<Outcome> {
  readonly title: string;
  readonly cases: (seed: number, n: number) => readonly Case[];
  /** @param seed the one to draw with */
  readonly measure: (tools: Tools, given: Case, seed: number) => Promise<Measured<Outcome>>;
  /** What a case counts as that ended with an error. */
  readonly failed: (given: Case) => Outcome;
  readonly figures: (outcomes: readonly Outcome[]) => readonly Figure[];
}

/** One case as it is reported. */
export interface CaseReport {
  readonly id: string;
  readonly kind: string;
  /** What was asked. */
  readonly prompt: string;
  readonly said: readonly string[];
  readonly outcome: unknown;
}

/** One case in pictures: what was given, what was wanted, what was drawn. */
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
  /** So many cases are kept with their pictures. */
  readonly show: number;
}

/** A task whose outcomes are its own affair. */
export type RunTask = (tools: Tools, name: string, options: RunOptions) => Promise<TaskReport>;

/**
 * Makes a task one that can be run.
 *
 * The run measures every case; one that throws counts as failed and is listed. @throws AbortError after an abort
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
        const { outcome, said, result } = await measured(task, tools, given, (seed + i) >>> 0, (message) =>
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

async function measured<Outcome>(
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

/** Draws what a case asks for, as `generate` does. */
export async function drawn(
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

/** What was wanted, as the autoencoder gives it back: the judge's answers for it bound those for any drawing. */
export async function wanted({ model }: Tools, { target, instruction }: Case): Promise<RgbImage> {
  if (!target) throw new Error(`"${instruction}" asks for no picture`);
  return roundTrip(model, pictureOf(target));
}

/** What the model answers to the question of a case, in the likeliest words, as on the page. */
export async function answered(
  { model, signal }: Tools,
  { question, refs }: Case,
): Promise<Awaited<ReturnType<typeof ask>>> {
  return ask(model, question ?? '', refs.map(pictureOf), {
    maxNewTokens: MAX_NEW_TOKENS.default,
    signal,
  });
}

/** What the words of a case ask for. */
export function requestedClaims({ requested, instruction }: Case): readonly Claim[] {
  if (!requested || requested.length === 0) throw new Error(`"${instruction}" asks for nothing`);
  return requested;
}

/** The judge's answer to every check, one a line, and their score. */
export async function judged(
  { judge }: Tools,
  picture: RgbImage,
  wanted: readonly Claim[] | Scene,
): Promise<JudgedRequest & { readonly lines: readonly string[] }> {
  const score = await judgeRequest(judge, picture, wanted);
  return { ...score, lines: score.checks.map(({ question, yes }) => `${question} ${yes ? 'yes' : 'no'}`) };
}
