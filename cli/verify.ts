/**
 * Compares this program with recorded outputs of the official code, case by case, on the real graphs.
 *
 *   npm run -s verify -- --goldens DIR [--kinds a,b] [--backend node|wasm|webgpu]
 *
 * One line a case: id, kind, largest absolute error, tolerance, ok. The last line is "N passed, N failed"; the exit
 * code is 1 if any case failed.
 */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { OmniError, reportOf } from '../src/errors.ts';
import { nodeRuntime } from '../src/runtime/runtime.node.ts';
import type { Runtime } from '../src/runtime/types.ts';
import { browserRuntime } from './verify/browser-runtime.ts';
import { type ListedCase, readCase, readIndex } from './verify/goldens.ts';
import { VerifySession } from './verify/session.ts';
import type { Comparison, KindRunner } from './verify/types.ts';

const BACKENDS = ['node', 'wasm', 'webgpu'] as const;
type Backend = (typeof BACKENDS)[number];

interface Options {
  readonly folder: string;
  readonly kinds?: readonly string[];
  readonly backend: Backend;
}

async function main(): Promise<boolean> {
  const { folder, kinds, backend } = options();
  const index = await readIndex(folder);
  const known = new Set(index.cases.map(({ kind }) => kind));
  const unknown = kinds?.filter((kind) => !known.has(kind)) ?? [];
  if (unknown.length > 0) {
    throw badRequest(
      `The goldens hold no case of kind ${unknown.join(', ')}; they hold ${[...known].join(', ')}.`,
    );
  }
  const cases = index.cases.filter(({ kind }) => kinds?.includes(kind) ?? true);
  const session = new VerifySession(folder, resolve(folder, index.model), () => startRuntime(backend));
  let passed = 0;
  try {
    for (const listed of cases) {
      const comparisons = await runCase(listed, session);
      if (report(listed, comparisons)) passed++;
    }
  } finally {
    await session.dispose();
  }
  console.log(`${passed} passed, ${cases.length - passed} failed`);
  return passed === cases.length;
}

function options(): Options {
  const { values } = parseArgs({
    options: {
      goldens: { type: 'string' },
      kinds: { type: 'string' },
      backend: { type: 'string', default: 'node' },
    },
  });
  if (!values.goldens) throw badRequest('The folder of the goldens is not named.');
  const folder = resolve(values.goldens);
  if (!existsSync(folder)) throw badRequest(`There is no folder ${values.goldens}.`);
  const backend = BACKENDS.find((name) => name === values.backend);
  if (!backend)
    throw badRequest(`There is no backend "${values.backend}"; there are ${BACKENDS.join(', ')}.`);
  return { folder, kinds: values.kinds?.split(',').filter(Boolean), backend };
}

function badRequest(message: string): OmniError {
  return new OmniError({
    code: 'bad_request',
    message,
    action: 'Use: npm run -s verify -- --goldens DIR [--kinds a,b] [--backend node|wasm|webgpu]',
  });
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

async function runCase(listed: ListedCase, session: VerifySession): Promise<Comparison[]> {
  try {
    const runner = await runnerOf(listed.kind);
    const comparisons = await runner(await readCase(session.folder, listed), session);
    if (comparisons.length === 0) return [failure('nothing was compared')];
    return comparisons;
  } catch (error) {
    const { message } = reportOf(error, 'The case');
    return [failure(message)];
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

/** Prints the line of a case, and where its failures are. @returns whether it passed */
function report({ id, kind, tolerance }: ListedCase, comparisons: readonly Comparison[]): boolean {
  const ok = comparisons.every((comparison) => comparison.ok);
  const worst = Math.max(0, ...comparisons.map(({ maxAbsError }) => maxAbsError));
  const error = Number.isNaN(worst) ? 'NaN' : worst.toExponential(2);
  const allowed = `${tolerance.abs}${tolerance.rel ? ` + ${tolerance.rel} rel` : ''}`;
  console.log(`${id}  ${kind}  max abs error ${error}  tolerance ${allowed}  ${ok ? 'ok' : 'FAILED'}`);
  for (const { name, where } of comparisons.filter((comparison) => !comparison.ok)) {
    console.log(`    ${name}: ${where ?? 'differs'}`);
  }
  return ok;
}

try {
  process.exitCode = (await main()) ? 0 : 1;
} catch (error) {
  const { message, action } = reportOf(error, 'The check');
  console.error(`${message} ${action}`);
  process.exitCode = 1;
}
