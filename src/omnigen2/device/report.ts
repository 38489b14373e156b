/** A measurement of a device as text. */

import type { Kernels } from '../../runtime/types.ts';
import type { DeviceMeasurement } from './measure.ts';

/** The rows of a table: stage, rows, kernels, milliseconds, GFLOP/s and share of the peak. */
export function deviceRows({ stages }: DeviceMeasurement): string[][] {
  return stages.map(({ stage, rows, kernels, ms, gflops, peakShare }) => [
    stage,
    rows.toLocaleString('en'),
    kernelsName(kernels),
    `${figure(ms)} ms`,
    figure(gflops),
    `${Math.round(100 * peakShare)}%`,
  ]);
}

/** The rows of the race: kernels, milliseconds, error, verdict. */
export function raceRows({ race: { chosen, results } }: DeviceMeasurement): string[][] {
  return results.map(({ kernels, ms, error, refused }) => [
    kernelsName(kernels),
    ms === undefined ? 'not timed' : `${figure(ms)} ms`,
    error === undefined ? '' : error === 0 ? '0' : error.toExponential(1),
    refused ?? (kernelsName(kernels) === kernelsName(chosen) ? 'chosen' : ''),
  ]);
}

/** Sentences about the device and its peak. */
export function deviceSentences(report: DeviceMeasurement): string[] {
  const { facts, peak, backend, pictureSeconds, race } = report;
  const adapter = Object.entries(facts?.adapter ?? {}).filter(([, value]) => value !== '' && value !== 0);
  const peaks = Object.entries(peak).map(([type, rate]) => `${figure(rate)} GFLOP/s in ${type}`);
  return [
    `Backend: ${[backend, ...adapter.map(([name, value]) => `${name} ${value}`)].join(', ')}.`,
    `Peak of a plain product: ${peaks.join(', ')}.`,
    ...(facts ? [`Features: ${facts.features.join(', ') || 'none'}.`] : []),
    ...(race.complete ? [] : ['The race of the kernels ended before all had run.']),
    ...(pictureSeconds === undefined
      ? []
      : [`The passes of a 512 x 512 picture from words would take about ${figure(pictureSeconds)} s.`]),
    ...report.notes,
  ];
}

/** Such as "float16, padded, 8-bit inputs". */
export function kernelsName({ compute, padded, accuracyLevel }: Kernels): string {
  return [
    compute,
    ...(padded ? ['padded'] : []),
    ...(accuracyLevel === undefined ? [] : ['8-bit inputs']),
  ].join(', ');
}

/** Three significant digits. */
function figure(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en');
}
