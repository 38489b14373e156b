/**
 * Measures a model of the storybook world on held-out cases of every task: docs/reference/benchmark.md.
 *
 *   npm run -s storybook:bench -- [--n N] [--model DIR|storybook] [--tasks a,b] [--seed N] [--steps N]
 *                                 [--text-guidance X] [--image-guidance X] [--guidance-range A,B]
 *                                 [--weights f32|f16|q8|q4]
 *                                 [--json FILE] [--sheets DIR] [--record]
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { WEIGHT_FORMATS } from '../src/checkpoints/conversion/plan.ts';
import { checkWritable } from '../src/checkpoints/conversion/writer.node.ts';
import { describeFileError, nodeFolder } from '../src/checkpoints/folder.node.ts';
import { OmniError } from '../src/errors.ts';
import { PICTURE_SIDE } from '../src/judge/classes.ts';
import { Judge } from '../src/judge/judge.ts';
import { drawLimits } from '../src/omnigen2/draw-limits.ts';
import { nodeRuntime } from '../src/runtime/runtime.node.ts';
import { DEFAULT_SETTINGS, DRAW_SETTINGS } from '../src/settings/draw-settings.ts';
import { numberOption, readArgs, runCommand, settingOption } from './args.ts';
import { record } from './docs/record.ts';
import { GUIDANCE_OPTIONS, guidanceOf } from './guidance.ts';
import { BUILT_IN, JUDGE } from './models.ts';
import { reachesTarget, recordedTable, taskTable } from './storybook/figures.ts';
import { openMeasured } from './storybook/open.ts';
import { SHEET_CASES, writeSheets } from './storybook/sheets.ts';
import { type RunTask, runnable, type TaskReport } from './storybook/task.ts';
import { chat } from './storybook/tasks/chat.ts';
import { critiqueFix, edit } from './storybook/tasks/edit.ts';
import { ground } from './storybook/tasks/ground.ts';
import { inContext } from './storybook/tasks/in-context.ts';
import { largeSettings } from './storybook/tasks/large-settings.ts';
import { reflect } from './storybook/tasks/reflect.ts';
import { reflectionGain, WEAK } from './storybook/tasks/reflection-gain.ts';
import { textToImage } from './storybook/tasks/text-to-image.ts';
import { understand } from './storybook/tasks/understand.ts';

const CALL = 'npm run -s storybook:bench --';

/** Tasks without drawings come first. */
const TASKS: Readonly<Record<string, RunTask>> = {
  understand: runnable(understand),
  ground: runnable(ground),
  reflect: runnable(reflect),
  chat: runnable(chat),
  t2i: runnable(textToImage),
  edit: runnable(edit),
  incontext: runnable(inContext),
  critique_fix: runnable(critiqueFix),
  gain: runnable(reflectionGain),
};
const NAMES = Object.keys(TASKS);
/** Tasks that compare settings, not models. They run only if `--tasks` names them. */
const COMPARISONS: Readonly<Record<string, RunTask>> = {
  large_settings: runnable(largeSettings('t2i')),
  large_settings_edit: runnable(largeSettings('edit')),
};
const ALL_TASKS = { ...TASKS, ...COMPARISONS };

await runCommand('Measuring', async (signal) => {
  const args = readArgs({
    call: CALL,
    summary: 'Measures a model of the storybook world on held-out cases of every task.',
    options: {
      n: { placeholder: 'N', help: 'cases of each task', fallback: '200' },
      model: { placeholder: 'DIR', help: 'checkpoint folder, or storybook', fallback: 'storybook' },
      tasks: {
        placeholder: 'A,B',
        help: `which tasks; also ${Object.keys(COMPARISONS).join(' and ')}, which compare settings`,
        fallback: NAMES.join(','),
      },
      seed: settingOption(DRAW_SETTINGS.seed, 'N', {
        help: 'same seed, same cases and pictures',
        fallback: '1',
      }),
      steps: settingOption(DRAW_SETTINGS.steps, 'N'),
      ...GUIDANCE_OPTIONS,
      weights: {
        placeholder: 'FORMAT',
        help: 'convert the weights to this format first',
        oneOf: WEIGHT_FORMATS,
      },
      json: { placeholder: 'FILE', help: 'write the figures and every case here, after each task' },
      record: { help: 'write the figures of the built-in model to docs/results, once all tasks are done' },
      sheets: { placeholder: 'DIR', help: `draw the first ${SHEET_CASES} cases of each task here` },
    },
  });
  const n = numberOption('n', args.n, { min: 1, max: 100_000, whole: true });
  const { seed, steps } = args;
  const guidance = guidanceOf(args);
  const chosen = tasksOf(args.tasks);
  await checkOutput('json', args.json, 'file');
  await checkOutput('sheets', args.sheets, 'folder');
  if (
    args.record &&
    (args.model !== BUILT_IN || !NAMES.every((name) => chosen.includes(name)) || chosen.length > NAMES.length)
  ) {
    throw new OmniError({
      code: 'bad_request',
      message: '--record keeps the figures of all tasks of the built-in model.',
      action: 'Leave out --model and --tasks, or write other figures with --json.',
    });
  }

  const { model, close } = await openMeasured(args.model, args.weights, signal);
  const runtime = nodeRuntime();
  const judge = await Judge.open(runtime, nodeFolder(JUDGE));
  const size = { width: PICTURE_SIDE, height: PICTURE_SIDE };
  const drawing = {
    ...DEFAULT_SETTINGS,
    ...size,
    ...drawLimits(size, model.checkpoint.trainedOn),
    steps,
    ...guidance,
  };
  const done: [string, TaskReport][] = [];
  try {
    for (const name of chosen) {
      const show = args.sheets === undefined ? 0 : SHEET_CASES;
      const report = await ALL_TASKS[name]({ model, judge, drawing, signal }, name, { seed, n, show });
      done.push([name, report]);
      console.log(`${taskTable(report)}\n`);
      const settings = {
        model: args.model,
        weights: args.weights,
        n,
        seed,
        steps,
        ...guidance,
      };
      if (args.json !== undefined) {
        const complete = done.length === chosen.length;
        const text = JSON.stringify(
          { ...settings, weak: WEAK, complete, tasks: withoutPictures(done) },
          undefined,
          1,
        );
        await writeTo('json', args.json, async (path) => {
          await mkdir(dirname(path), { recursive: true });
          await writeFile(path, `${text}\n`);
        });
      }
      if (args.sheets !== undefined) await writeTo('sheets', args.sheets, (path) => writeSheets(path, done));
    }
    if (args.record) {
      await record('built-in-model', {
        title: 'What the built-in model gets right',
        command: `${CALL} ${withoutJson(process.argv.slice(2)).join(' ')}`,
        tables: done.map(([, report]) => recordedTable(report)),
        ofWeights: true,
      });
    }
  } finally {
    if (signal.aborted && done.length > 0)
      console.error(`Finished before: ${done.map(([name]) => name).join(', ')}.`);
    await close();
    await judge.dispose();
    await runtime.dispose();
  }
  return 0;
});

/** The arguments without --json, whose path does not change figures. */
function withoutJson(given: readonly string[]): string[] {
  return given.filter((arg, i) => !arg.startsWith('--json') && given[i - 1] !== '--json');
}

/** The tasks of a comma-separated list, in the order in which they run. */
function tasksOf(text: string): string[] {
  const wanted = text.split(',').map((name) => name.trim());
  const names = Object.keys(ALL_TASKS);
  const unknown = wanted.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw new OmniError({
      code: 'bad_request',
      message: `--tasks has "${unknown}", which is not a task.`,
      action: `Choose from ${names.join(', ')}.`,
    });
  }
  return names.filter((name) => wanted.includes(name));
}

/** The figures and the cases of each task, without pictures. */
function withoutPictures(done: readonly (readonly [string, TaskReport])[]) {
  return Object.fromEntries(
    done.map(([name, { shown: _, figures, reports, ...report }]) => [
      name,
      {
        ...report,
        figures: figures.map((figure) => ({ ...figure, reached: reachesTarget(figure) })),
        reports,
      },
    ]),
  );
}

/** Checks that results can be written, before hours of work. */
async function checkOutput(
  option: string,
  path: string | undefined,
  wanted: 'file' | 'folder',
): Promise<void> {
  if (path === undefined) return;
  await writeTo(option, path, async () => {
    const there = await checkWritable(path);
    if (there && there.isDirectory() !== (wanted === 'folder'))
      throw Object.assign(new Error(path), { code: wanted === 'folder' ? 'ENOTDIR' : 'EISDIR' });
  });
}

async function writeTo(option: string, path: string, write: (path: string) => Promise<void>): Promise<void> {
  try {
    await write(path);
  } catch (cause) {
    if (cause instanceof OmniError) throw cause;
    throw new OmniError({
      code: 'storage',
      message: `${path} cannot be written: ${describeFileError(cause)}.`,
      action: `Choose another place with --${option}.`,
      cause,
    });
  }
}
