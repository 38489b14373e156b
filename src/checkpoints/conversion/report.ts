/** The errors of a conversion, tensor by tensor. */

import { COMPONENTS, type ComponentName } from '../checkpoint.ts';
import type { TargetStorage, TensorStorage } from './actions.ts';
import type { ConversionJournal } from './journal.ts';
import type { ConversionPlan } from './plan.ts';

/** The error of one tensor. */
export interface TensorError {
  readonly component: ComponentName;
  readonly tensor: string;
  readonly from: TensorStorage;
  readonly to: TargetStorage;
  /**
   * Norm of the difference between the values before (adapters included) and after, divided by the norm of
   * the values before.
   */
  readonly relativeError: number;
}

/** `conversion-report.json`: the tensors whose values changed, the largest error first. */
export interface ConversionReport {
  readonly format: 1;
  readonly weights: string;
  readonly tensors: readonly TensorError[];
}

export const REPORT_FILE = 'conversion-report.json';

/** The report of a finished conversion. */
export function reportOf(plan: ConversionPlan, journal: Pick<ConversionJournal, 'record'>): ConversionReport {
  const tensors = COMPONENTS.flatMap((component) =>
    plan.components[component].flatMap(({ path, actions }) =>
      actions.flatMap(({ name, from, to }): TensorError[] => {
        const [squares, squaredError] = journal.record(path).sums.get(name) ?? [0, 0];
        if (squaredError === 0) return [];
        // Rounded, so that the report is short and the same on every machine.
        const relativeError = Number(Math.sqrt(squaredError / squares).toPrecision(6));
        return [{ component, tensor: name, from, to, relativeError }];
      }),
    ),
  );
  return {
    format: 1,
    weights: plan.options.weights,
    tensors: tensors.toSorted((a, b) => b.relativeError - a.relativeError),
  };
}
