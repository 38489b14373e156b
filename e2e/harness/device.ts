/** Measures the device in a real browser for the command line: the page side. */

import { type DeviceMeasurement, measureDevice } from '../../src/omnigen2/device/measure.ts';
import { startWebRuntime } from '../../src/runtime/runtime.web.ts';

export interface DevicePage {
  /** @param stageMs longest expected time of a stage that is measured */
  measure(backend: 'wasm' | 'webgpu', stageMs: number): Promise<DeviceMeasurement>;
}

declare global {
  var devicePage: DevicePage | undefined;
}

globalThis.devicePage = {
  async measure(backend, stageMs) {
    const runtime = await startWebRuntime({ backend, strictGpu: true, logsPrograms: true });
    try {
      return await measureDevice(runtime, {
        now: () => performance.now(),
        stageMs,
        onProgress: ({ stage }) => console.log(`stage: ${stage}`),
      });
    } finally {
      await runtime.dispose();
    }
  },
};
