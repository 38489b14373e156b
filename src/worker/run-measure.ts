/** Measures the device in the worker. */

import { measureDevice } from '../omnigen2/device/measure.ts';
import { deviceRows, deviceSentences, raceRows } from '../omnigen2/device/report.ts';
import type { MeasurementEvent } from '../protocol.ts';
import type { LoadedModel } from './load.ts';

/**
 * Measures the device and posts the report. Closes the parts of a large model before, because its memory may
 * be needed; they load again for the next job.
 * @param stageMs longest expected time of a stage that is measured
 * @param post receives each stage before it begins, and then the report
 * @throws OmniError `device` or `memory` if the device fails; AbortError after an abort
 */
export async function runMeasure(
  signal: AbortSignal,
  { model, device }: Pick<LoadedModel, 'model' | 'device'>,
  stageMs: number | undefined,
  post: (event: MeasurementEvent) => void,
): Promise<undefined> {
  if (model.footprint.isLarge) await model.dispose();
  const measured = await measureDevice(model.runtime, {
    signal,
    stageMs,
    now: () => performance.now(),
    onProgress: (progress) => post({ type: 'stage', ...progress }),
  });
  const { backend, description, reason } = device;
  const noGpu = backend === 'wasm' ? [`No GPU was measured. ${reason ?? ''}`.trim()] : [];
  post({
    type: 'report',
    report: {
      sentences: [`Device: ${description}.`, ...noGpu, ...deviceSentences(measured)],
      tables: [
        {
          caption: 'One layer of each kind',
          columns: ['Stage', 'Rows', 'Kernels', 'Time', 'GFLOP/s', 'Of the peak'],
          rows: deviceRows(measured),
        },
        {
          caption: 'Race of the kernels',
          columns: ['Kernels', 'Time', 'Relative error', 'Result'],
          rows: raceRows(measured),
        },
      ],
      json: JSON.stringify({ device, ...measured }, undefined, 1),
    },
  });
}
