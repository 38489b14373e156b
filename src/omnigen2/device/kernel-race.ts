/**
 * Chooses the kernels of a device: times the product of a quantized matrix in every way that the device
 * offers, and compares each result with that of the plain kernel.
 */

import { openTyped } from '../../runtime/typed-session.ts';
import type { Kernels, Runtime } from '../../runtime/types.ts';
import type { Numerics } from '../graphs/numerics.ts';
import { float32Tensor, floatsOf } from '../host-tensors.ts';
import { randomWeights } from './random-weights.ts';
import { productsGraph } from './stage-graphs.ts';

export const PLAIN_KERNELS: Kernels = { compute: 'float32', padded: false };

/** One way to compute products, and how it did. */
export interface KernelResult {
  readonly kernels: Kernels;
  /** Of one run; undefined if it failed, or if there was no time. */
  readonly ms: number | undefined;
  /** Root mean square of the difference to the plain kernel, relative to its values. */
  readonly error: number | undefined;
  /** Why it was not chosen, if it failed or differed too much. */
  readonly refused: string | undefined;
}

export interface KernelRace {
  readonly chosen: Kernels;
  readonly results: readonly KernelResult[];
  /** Rows of the products. */
  readonly rows: number;
  /**
   * False if the time was up before every kernel had run. The plain kernel, or the best so far, is chosen.
   */
  readonly complete: boolean;
}

export interface RaceOptions {
  readonly signal?: AbortSignal;
  /** A clock in milliseconds, such as `performance.now`. */
  readonly now: () => number;
  /** Time after which no further run starts. Default: 2000 */
  readonly budgetMs?: number;
  /** Columns and rows of the matrix. Default: those of the released model */
  readonly width?: { readonly stored: number; readonly padded: number };
}

/**
 * Largest error of each form against the plain kernel. Rounding to 8 bits adds less than 4-bit weights do.
 */
const TOLERANCE = { float32: 1e-4, float16: 5e-3, eightBits: 2e-2 } as const;
/** Products in one run, so that one run takes much longer than its start. */
const PRODUCTS = 16;
/** A run of the plain kernel should take this long: the clocks of browsers are coarse. */
const WANTED_MS = 20;
const ROWS = [16, 64, 256, 1024] as const;
const BUDGET_MS = 2000;
const RELEASED = { stored: 2520, padded: 2560 };
const NAME = 'race';

/**
 * Races the kernels. A kernel that fails, or differs from the plain one by more than its tolerance, is never
 * chosen.
 * @throws OmniError `device` if the plain kernel fails; AbortError after an abort
 */
export async function raceKernels(
  runtime: Runtime,
  { signal, now, budgetMs = BUDGET_MS, width = RELEASED }: RaceOptions,
): Promise<KernelRace> {
  const start = now();
  const inTime = () => now() - start < budgetMs;
  const { stored, padded } = width;
  const shape = [padded, stored];
  const { weights, bytes } = randomWeights([{ name: `${NAME}.weight`, shape, rule: 'rows, columns' }]);
  const open = async (kernels: Kernels) => {
    const columns = kernels.padded ? padded : stored;
    const parts = { weights, numerics: numericsOf(kernels), name: NAME, columns, times: PRODUCTS };
    const session = await openTyped(runtime, bytes, productsGraph, parts);
    const run = async (rows: number) => {
      signal?.throwIfAborted();
      const x = float32Tensor([rows, columns], input(rows, stored, columns));
      const begun = now();
      const { sum } = await session.run({ x });
      return { ms: now() - begun, values: floatsOf(sum) };
    };
    return { run, dispose: () => session.dispose() };
  };

  let rows: number = ROWS[0];
  const plain = await open(PLAIN_KERNELS);
  let wanted: Float32Array;
  let plainMs: number;
  try {
    ({ values: wanted } = await plain.run(rows));
    plainMs = Number.POSITIVE_INFINITY;
    for (const next of ROWS) {
      rows = next;
      if (inTime()) await plain.run(rows);
      if (!inTime()) break;
      ({ ms: plainMs, values: wanted } = await plain.run(rows));
      if (plainMs >= WANTED_MS) break;
    }
  } finally {
    await plain.dispose();
  }
  let complete = Number.isFinite(plainMs);
  const timed = complete ? plainMs : undefined;
  const results: KernelResult[] = [{ kernels: PLAIN_KERNELS, ms: timed, error: 0, refused: undefined }];
  for (const kernels of candidates(runtime)) {
    complete &&= inTime();
    if (!complete) break;
    results.push(await tryKernels(kernels, open, rows, wanted));
  }
  const allowed = results.filter(({ refused }) => refused === undefined);
  const best = allowed.reduce((a, b) => ((b.ms ?? Infinity) < (a.ms ?? Infinity) ? b : a));
  return { chosen: best.kernels, results, rows, complete };
}

async function tryKernels(
  kernels: Kernels,
  open: (kernels: Kernels) => Promise<{
    run: (rows: number) => Promise<{ ms: number; values: Float32Array }>;
    dispose: () => Promise<void>;
  }>,
  rows: number,
  wanted: Float32Array,
): Promise<KernelResult> {
  try {
    const opened = await open(kernels);
    try {
      const { values } = await opened.run(rows);
      const runs = [await opened.run(rows), await opened.run(rows)];
      const ms = Math.min(...runs.map((run) => run.ms));
      const error = relativeError(values, wanted);
      const limit = toleranceOf(kernels);
      const refused = error <= limit ? undefined : `it differs by ${error.toExponential(1)}`;
      return { kernels, ms, error, refused };
    } finally {
      await opened.dispose();
    }
  } catch (error) {
    if (error instanceof Error && error.name === 'AbortError') throw error;
    const refused = error instanceof Error ? error.message : 'it failed';
    return { kernels, ms: undefined, error: undefined, refused };
  }
}

function candidates({ halfPrecision }: Runtime): Kernels[] {
  const types = halfPrecision ? (['float32', 'float16'] as const) : (['float32'] as const);
  const all = types.flatMap((compute) =>
    [false, true].flatMap((padded): Kernels[] => [
      { compute, padded },
      { compute, padded, accuracyLevel: 4 },
    ]),
  );
  // Without padding the engine has no kernel for 8-bit inputs.
  return all.filter(({ compute, padded, accuracyLevel }) =>
    padded ? true : compute === 'float16' && accuracyLevel === undefined,
  );
}

function toleranceOf({ compute, accuracyLevel }: Kernels): number {
  return accuracyLevel === 4 ? TOLERANCE.eightBits : TOLERANCE[compute];
}

function numericsOf({ compute, accuracyLevel }: Kernels): Numerics {
  return { compute, quantized: 'native', castsBfloat16: false, accuracyLevel };
}

/** Rows like normed activations, the same values with any padding. */
function input(rows: number, stored: number, columns: number): Float32Array {
  const x = new Float32Array(rows * columns);
  for (let row = 0; row < rows; row++) {
    for (let i = 0; i < stored; i++) x[row * columns + i] = Math.sin(0.7 * (row * stored + i) + 0.3 * row);
  }
  return x;
}

function relativeError(values: Float32Array, wanted: Float32Array): number {
  let difference = 0;
  let size = 0;
  for (let i = 0; i < wanted.length; i++) {
    difference += (values[i] - wanted[i]) ** 2;
    size += wanted[i] ** 2;
  }
  const error = Math.sqrt(difference / size);
  return Number.isNaN(error) ? Number.POSITIVE_INFINITY : error;
}
