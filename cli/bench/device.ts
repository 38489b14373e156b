/**
 * The device in Chromium: peak of plain products, race of the kernels, and the programs that each stage runs.
 */

import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { chromium } from '@playwright/test';
import { CHROMIUM_FLAGS, SOFTWARE_WEBGPU_FLAGS, VULKAN_WEBGPU_FLAGS } from '../../scripts/browser-flags.mjs';
import { browserPath } from '../../scripts/browser-path.mjs';
import { OmniError } from '../../src/errors.ts';
import type { DeviceMeasurement } from '../../src/omnigen2/device/measure.ts';
import { deviceRows, deviceSentences, raceRows } from '../../src/omnigen2/device/report.ts';
import { startDevServer } from '../dev-server.ts';
import { ROOT } from '../models.ts';
import type { Table } from './table.ts';

/** The report as JSON, for a person to send. */
const REPORT = '.cache/device-report.json';
/** On a processor a layer takes seconds; more rows would take minutes. */
const SOFTWARE_STAGE_MS = 5000;
const GPU_STAGE_MS = 20_000;

/** How often each program started in a stage, by name. */
type Programs = Map<string, Map<string, number>>;

/** @param gpu measures the graphics processor through Vulkan; otherwise the software adapter */
export async function deviceTables({ gpu }: { readonly gpu: boolean }): Promise<readonly Table[]> {
  const programs: Programs = new Map();
  const report = await inChromium(gpu, programs);
  const started = Object.fromEntries(
    [...programs].map(([stage, counts]) => [stage, Object.fromEntries(counts)]),
  );
  await mkdir(join(ROOT, '.cache'), { recursive: true });
  await writeFile(join(ROOT, REPORT), `${JSON.stringify({ ...report, programs: started }, undefined, 1)}\n`);
  return [
    {
      title: 'One layer of each kind',
      method:
        'Layers with the widths of the released model and random 4-bit weights, in Chromium; the fastest of up to three ' +
        `runs. ${deviceSentences(report).join(' ')} ${REPORT} has the whole report.`,
      columns: ['stage', 'rows', 'kernels', 'time', 'GFLOP/s', 'share of the peak'],
      rows: deviceRows(report),
    },
    {
      title: 'Race of the kernels',
      method: `16 products of ${report.race.rows} rows with one 4-bit matrix. The error is against the plain kernel.`,
      columns: ['kernels', 'time', 'relative error', 'result'],
      rows: raceRows(report),
    },
    {
      title: 'Programs that multiply quantized matrices',
      method: "From the engine's own log: how often each program started in a stage.",
      columns: ['stage', 'program', 'starts'],
      rows: [...programs].flatMap(([stage, counts]) =>
        [...counts]
          .filter(([name]) => /NBits|DP4A|SubgroupMatrix/.test(name))
          .map(([name, count]) => [stage, name, String(count)]),
      ),
    },
  ];
}

async function inChromium(gpu: boolean, programs: Programs): Promise<DeviceMeasurement> {
  const server = await startDevServer();
  const flags = gpu ? VULKAN_WEBGPU_FLAGS : SOFTWARE_WEBGPU_FLAGS;
  const browser = await chromium.launch({
    executablePath: browserPath(),
    args: [...CHROMIUM_FLAGS, ...flags],
  });
  try {
    const page = await browser.newPage();
    // A loaded machine needs longer than the usual 30 seconds to serve the sources.
    page.setDefaultTimeout(180_000);
    let stage = 'start';
    page.on('console', (message) => {
      const text = message.text();
      stage = /^stage: (.*)/.exec(text)?.[1] ?? stage;
      const [, program] = /Starting program "(\w+)/.exec(text) ?? [];
      if (program === undefined) return;
      const counts = programs.get(stage) ?? new Map<string, number>();
      programs.set(stage, counts.set(program, (counts.get(program) ?? 0) + 1));
    });
    await page.goto(`${server.address}e2e/harness/device.html`);
    await page.waitForFunction(() => globalThis.devicePage !== undefined);
    const stageMs = gpu ? GPU_STAGE_MS : SOFTWARE_STAGE_MS;
    const report = await page.evaluate((most) => globalThis.devicePage?.measure('webgpu', most), stageMs);
    if (!report) throw new Error('the page was reloaded');
    return report;
  } catch (cause) {
    throw new OmniError({
      code: 'device',
      message: `The browser could not measure the device: ${(cause as Error).message.split('\n', 1)[0]}`,
      action: gpu
        ? 'Check that "vulkaninfo --summary" lists the graphics processor.'
        : 'Run the command again.',
      cause,
    });
  } finally {
    await browser.close();
    await server.close();
  }
}
