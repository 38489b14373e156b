/**
 * Compares this program with recorded outputs of the official code, case by case, on the real graphs.
 *
 *   npm run -s verify -- --goldens DIR [--kinds A,B] [--cases A,B] [--backend node|wasm|webgpu]
 *
 * Prints a line per case: id, kind, largest absolute error, tolerance, and ok or FAILED. The last line is
 * "N passed, N failed". The exit code is 1 if any case failed.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { OmniError, reportOf } from '../src/errors.ts';
import { nodeRuntime } from '../src/runtime/runtime.node.ts';
import type { Runtime } from '../src/runtime/types.ts';
import { readArgs, runCommand } from './args.ts';
import { browserRuntime } from './verify/browser-runtime.ts';
import { firstProblem, type ListedCase, readIndex } from './verify/goldens.ts';
import { VerifySession } from './verify/session.ts';
import type { Comparison, KindRunner } from './verify/types.ts';

const BACKENDS = ['node', 'wasm', 'webgpu'] as const;
type Backend = (typeof BACKENDS)[number];

await runCommand('The check', async (signal) => {
  const {
    goldens,
    kinds,
    cases: ids,
    backend,
  } = readArgs({
    call: 'npm run -s verify --',
    summary: 'Compares this program with recorded outputs of the official code, case by case.',
    options: {
      goldens: {
        placeholder: 'DIR',
        help: 'folder with index.json, cases, images and a checkpoint, such as fixtures/goldens',
        required: true,
      },
      kinds: { placeholder: 'A,B', help: 'check only cases of these kinds, such as dit,vae' },
      cases: { placeholder: 'A,B', help: 'check only the cases with these ids, such as dit_2ref_t0' },
      backend: {
        placeholder: 'NAME',
        help: 'where the graphs run; wasm and webgpu run in Chromium',
        fallback: 'node',
        oneOf: BACKENDS,
      },
    },
  });
  const folder = resolve(goldens);
  const index = await readIndex(folder);
  const cases = chosen(chosen(index.cases, 'kind', kinds), 'id', ids);
  const session = new VerifySession(folder, resolve(folder, index.model), () => startRuntime(backend));
  let passed = 0;
  try {
    for (const listed of cases) {
      signal.throwIfAborted();
      if (report(listed, await runCase(listed, session))) passed++;
    }
  } finally {
    await session.dispose();
  }
  console.log(`${passed} passed, ${cases.length - passed} failed`);
  return passed === cases.length ? 0 : 1;
});

/** The cases whose kind or id is in a list such as `dit,vae`. All cases if there is no list. */
function chosen(
  cases: readonly ListedCase[],
  by: 'kind' | 'id',
  list: string | undefined,
): readonly ListedCase[] {
  if (list === undefined) return cases;
  const wanted = list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  const known = new Set(cases.map((each) => each[by]));
  const unknown = wanted.filter((name) => !known.has(name));
  if (wanted.length === 0 || unknown.length > 0) {
    throw new OmniError({
      code: 'bad_request',
      message:
        wanted.length === 0
          ? `--${by}s names no ${by}.`
          : `The goldens have no case with the ${by} ${unknown.join(', ')}.`,
      action: `They have ${[...known].join(', ')}.`,
    });
  }
  return cases.filter((each) => wanted.includes(each[by]));
}

function startRuntime(backend: Backend): Promise<Runtime> | Runtime {
  switch (backend) {
    case 'node':
      return nodeRuntime();
    case 'wasm':
      return browserRuntime('wasm');
    case 'webgpu':
      return browserRuntime('webgpu', { strictGpu: true });
    default:
      return backend satisfies never;
  }
}

/** Checks a case. An error becomes a failure of this case; the other cases still run. */
async function runCase(listed: ListedCase, session: VerifySession): Promise<Comparison[]> {
  try {
    const runner = await runnerOf(listed.kind);
    const comparisons = await runner(await listed.read(), session);
    return comparisons.length === 0 ? [failure('nothing was compared')] : comparisons;
  } catch (error) {
    if (error instanceof z.ZodError)
      return [failure(`its recording does not fit this kind: ${firstProblem(error)}`)];
    return [failure(reportOf(error, 'The case').message)];
  }
}

function failure(where: string): Comparison {
  return { name: 'run', maxAbsError: Number.NaN, ok: false, where };
}

async function runnerOf(kind: string): Promise<KindRunner> {
  const file = new URL(`./verify/kinds/${kind}.ts`, import.meta.url);
  if (!/^\w+$/.test(kind) || !existsSync(file)) {
    throw new OmniError({
      code: 'unsupported',
      message: `There is no check for cases of kind "${kind}".`,
      action: 'Name the kinds to check with --kinds.',
    });
  }
  const { run } = (await import(file.href)) as { run: KindRunner };
  return run;
}

/** Prints the line of a case, and a line for each failed comparison. @returns whether the case passed */
function report({ id, kind, tolerance }: ListedCase, comparisons: readonly Comparison[]): boolean {
  const ok = comparisons.every((comparison) => comparison.ok);
  const worstOf = (unit: string | undefined) =>
    Math.max(0, ...comparisons.filter((one) => one.unit === unit).map(({ maxAbsError }) => maxAbsError));
  const worst = worstOf(undefined);
  const error = Number.isNaN(worst) ? 'NaN' : worst.toExponential(2);
  const units = new Set(comparisons.flatMap(({ unit }) => (unit === undefined ? [] : [unit])));
  const others = [...units].map((unit) => `  and ${worstOf(unit)} ${unit}`).join('');
  const allowed = tolerance ? `${tolerance.abs}${tolerance.rel ? ` + ${tolerance.rel} rel` : ''}` : 'unknown';
  console.log(
    `${id}  ${kind}  max abs error ${error}  tolerance ${allowed}${others}  ${ok ? 'ok' : 'FAILED'}`,
  );
  for (const { name, where } of comparisons.filter((comparison) => !comparison.ok)) {
    console.log(`    ${name}: ${where ?? 'differs'}`);
  }
  return ok;
}
