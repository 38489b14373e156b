/**
 * Compares this program with recorded outputs of the official code, case by case, on the real graphs.
 *
 *   npm run -s verify -- --goldens DIR [--kinds A,B] [--cases A,B]
 *                        [--backend node|wasm|webgpu|node-gpu] [--weights q4]
 *
 * Prints a line per case: id, kind, largest absolute error, tolerance, and ok or FAILED. The last line is
 * "N passed, N failed". The exit code is 1 if any case failed.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import { OmniError, reportOf } from '../src/errors.ts';
import { nodeRuntime } from '../src/runtime/runtime.node.ts';
import { nodeGpuRuntime } from '../src/runtime/runtime.node-gpu.ts';
import type { Runtime } from '../src/runtime/types.ts';
import { readArgs, runCommand } from './args.ts';
import { browserRuntime } from './verify/browser-runtime.ts';
import { firstProblem, type GoldensIndex, type ListedCase, readIndex } from './verify/goldens.ts';
import { convertBeside, makeOfficialSlice } from './verify/official-slice.ts';
import { VerifySession } from './verify/session.ts';
import type { Comparison, KindRunner, Tolerance } from './verify/types.ts';

const BACKENDS = ['node', 'wasm', 'webgpu', 'node-gpu'] as const;
type Backend = (typeof BACKENDS)[number];
const WEIGHTS = ['stored', 'q4'] as const;
type Weights = (typeof WEIGHTS)[number];

await runCommand('The check', async (signal) => {
  const {
    goldens,
    kinds,
    cases: ids,
    backend,
    weights,
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
        help: 'where the graphs run; wasm and webgpu run in Chromium, node-gpu on WebGPU under Node',
        fallback: 'node',
        oneOf: BACKENDS,
      },
      weights: {
        placeholder: 'FORMAT',
        help: 'compare the checkpoint as it is stored, or converted to 4 bits, within the error stated for it',
        fallback: 'stored',
        oneOf: WEIGHTS,
      },
    },
  });
  const folder = resolve(goldens);
  const index = await readIndex(folder);
  const cases = chosen(chosen(index.cases, 'kind', kinds), 'id', ids).map((one) => withWeights(one, weights));
  const model = await modelFolder(signal, folder, index, weights);
  const session = new VerifySession(folder, model, () => startRuntime(backend));
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

/** The folder of the checkpoint. Makes it if its weights are random, and converts it if asked to. */
async function modelFolder(
  signal: AbortSignal,
  goldens: string,
  { model, random }: GoldensIndex,
  weights: Weights,
): Promise<string> {
  const folder = resolve(goldens, model);
  if (random !== undefined) await makeOfficialSlice(signal, folder, random);
  return weights === 'stored' ? folder : convertBeside(signal, folder, weights);
}

/** The case with the tolerance for a format of weights. */
function withWeights(listed: ListedCase, weights: Weights): ListedCase {
  if (weights === 'stored' || listed.tolerance === undefined) return listed;
  if (listed.q4 === undefined) {
    throw new OmniError({
      code: 'unsupported',
      message: `Case ${listed.id} does not say which error 4-bit weights may cause.`,
      action: 'Leave --weights out, or name cases that say it, such as those of fixtures/official-slice.',
    });
  }
  const tolerance = { abs: 0, rel: 0, norm: listed.q4 };
  return { ...listed, tolerance, read: async () => ({ ...(await listed.read()), tolerance }) };
}

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
    case 'node-gpu':
      return nodeGpuRuntime();
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
  const allowed = toleranceText(tolerance);
  const measure = tolerance?.norm === undefined ? 'max abs error' : 'relative norm of error';
  console.log(`${id}  ${kind}  ${measure} ${error}  tolerance ${allowed}${others}  ${ok ? 'ok' : 'FAILED'}`);
  for (const { name, where } of comparisons.filter((comparison) => !comparison.ok)) {
    console.log(`    ${name}: ${where ?? 'differs'}`);
  }
  return ok;
}

function toleranceText(tolerance: Tolerance | undefined): string {
  if (!tolerance) return 'unknown';
  const { abs, rel, norm } = tolerance;
  return norm === undefined ? `${abs}${rel ? ` + ${rel} rel` : ''}` : String(norm);
}
