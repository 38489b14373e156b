/** The changes that several adapters make to each weight matrix, multiplied by their strengths. */

import { OmniError } from '../../errors.ts';
import { ADAPTER_STRENGTH } from '../../settings/job-settings.ts';
import type { Lora, LoraPair } from './lora.ts';

/** An adapter and its strength: 1 as trained, 0 no effect, negative the opposite effect. */
export interface Adapter {
  readonly lora: Lora;
  readonly strength: number;
}

/**
 * Checks the strengths of adapters before any file is read.
 * @param wanted strengths with the names that the person knows the adapters by
 * @throws OmniError `bad_request` if a strength is NaN or beyond -100 to 100, or if a name occurs twice
 */
export function checkAdapterStrengths(
  wanted: readonly { readonly name: string; readonly strength: number }[],
): void {
  const seen = new Set<string>();
  for (const { name, strength } of wanted) {
    if (!ADAPTER_STRENGTH.schema.safeParse(strength).success) {
      throw new OmniError({
        code: 'bad_request',
        message: `The strength of ${name} is ${strength}, but must be ${ADAPTER_STRENGTH.kind}.`,
        action: ADAPTER_STRENGTH.advice,
      });
    }
    if (seen.has(name)) {
      throw new OmniError({
        code: 'bad_request',
        message: `The adapter ${name} is given twice.`,
        action: 'Give it once, with the sum of its strengths.',
      });
    }
    seen.add(name);
  }
}

/** The change of a matrix: the sum of `scale * up @ down` over its pairs. Scales include the strengths. */
export type Change = readonly LoraPair[];

/**
 * Largest change of a weight. Weights are far below 1, and float16, in which some devices compute, ends at
 * 65504.
 */
const MAX_CHANGE = 30000;

/**
 * The changes that adapters make, by the name of the weight. Adapters of strength 0 are left out.
 * @throws OmniError `bad_checkpoint` if the sum of the changes of a weight can exceed 30000
 */
export function changesOf(adapters: readonly Adapter[]): ReadonlyMap<string, Change> {
  const changes = new Map<string, LoraPair[]>();
  for (const { lora, strength } of adapters) {
    if (strength === 0) continue;
    for (const [name, pair] of lora.pairs) {
      changes.set(name, [...(changes.get(name) ?? []), { ...pair, scale: pair.scale * strength }]);
    }
  }
  for (const [name, change] of changes) {
    const most = largestSum(change);
    if (!(most <= MAX_CHANGE)) throw tooLarge(adapters, name, most);
  }
  return changes;
}

/** The rank of a change: the sum of the ranks of its pairs. */
export function rankOf(change: Change): number {
  return change.reduce((sum, { rank }) => sum + rank, 0);
}

/**
 * Adds a change to rows of a matrix, in place. Each value is summed in float64 and rounded once.
 * @param weight `[rows, K]` row-major: the rows of the matrix from `firstRow` on
 */
export function addChange(weight: Float32Array, change: Change, firstRow = 0): void {
  const [{ down: first, rank: firstRank }] = change;
  const columns = first.length / firstRank;
  const sums = new Float64Array(columns);
  for (let start = 0; start < weight.length; start += columns) {
    const row = weight.subarray(start, start + columns);
    sums.set(row);
    for (const pair of change) addRow(sums, pair, firstRow + start / columns);
    row.set(sums);
  }
}

/** Adds four ranks per pass, because reading and writing the sums takes most of the time. */
function addRow(sums: Float64Array, { down, up, rank, scale }: LoraPair, row: number): void {
  const columns = sums.length;
  const factor = (r: number) => (r < rank ? scale * up[row * rank + r] : 0);
  for (let r = 0; r < rank; r += 4) {
    const [a, b, c, d] = [factor(r), factor(r + 1), factor(r + 2), factor(r + 3)];
    // The factor is 0 after the last rank, so the row read there does not matter.
    const from = (ahead: number) => Math.min(r + ahead, rank - 1) * columns;
    const [atA, atB, atC, atD] = [from(0), from(1), from(2), from(3)];
    for (let i = 0; i < columns; i++) {
      sums[i] += a * down[atA + i] + b * down[atB + i] + c * down[atC + i] + d * down[atD + i];
    }
  }
}

/** The change as one product `up [N, R] @ down [R, K]`. `up` includes the scales. */
export function joinedChange(change: Change): { down: Float32Array; up: Float32Array } {
  const rank = rankOf(change);
  const columns = change[0].down.length / change[0].rank;
  const rows = change[0].up.length / change[0].rank;
  const down = new Float32Array(rank * columns);
  const up = new Float32Array(rows * rank);
  let at = 0;
  for (const pair of change) {
    down.set(pair.down, at * columns);
    for (let row = 0; row < rows; row++) {
      for (let r = 0; r < pair.rank; r++) {
        up[row * rank + at + r] = pair.scale * pair.up[row * pair.rank + r];
      }
    }
    at += pair.rank;
  }
  return { down, up };
}

/** An upper bound of the absolute values of a change. */
function largestSum(change: Change): number {
  const largest = (values: Float32Array) =>
    values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return change.reduce(
    (sum, { down, up, rank, scale }) => sum + Math.abs(scale) * rank * largest(up) * largest(down),
    0,
  );
}

function tooLarge(adapters: readonly Adapter[], name: string, most: number): OmniError {
  const given = adapters.map(({ lora: { file }, strength }) => `${file} at strength ${strength}`).join(', ');
  return new OmniError({
    code: 'bad_checkpoint',
    message: `${given} would change ${name} by up to ${most.toPrecision(3)}, which is out of range for a weight.`,
    action: 'Use a smaller strength, or another adapter.',
  });
}
