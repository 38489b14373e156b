/** The measurement of a device, on Node with a short time for every stage, and the race of the kernels. */

import { expect, test } from 'vitest';
import { nodeRuntime } from '../../runtime/runtime.node.ts';
import type { Runtime } from '../../runtime/types.ts';
import { PLAIN_KERNELS, raceKernels } from './kernel-race.ts';
import { measureDevice } from './measure.ts';
import { deviceRows, deviceSentences } from './report.ts';

const now = () => performance.now();
const SMALL = { stored: 252, padded: 256 };

test('a measurement has every stage, and is plain data', async () => {
  const stages: string[] = [];
  const options = { now, stageMs: 0, onProgress: ({ stage }: { stage: string }) => stages.push(stage) };
  const report = await measureDevice(nodeRuntime(), options);
  expect(stages[0]).toBe('peak of float32 products');
  expect(new Set(report.stages.map(({ stage }) => stage))).toEqual(
    new Set(['transformer layer', 'decoder layer', 'VAE block']),
  );
  expect(report.peak.float32).toBeGreaterThan(0);
  for (const { ms, gflops, peakShare } of report.stages) {
    for (const value of [ms, gflops, peakShare]) expect(value).toBeGreaterThan(0);
  }
  expect(report.notes[0]).toMatch(/^transformer layer with 320 rows was left out: .+\.$/);
  expect(JSON.parse(JSON.stringify(report))).toEqual(report);
  expect(deviceRows(report)).toHaveLength(report.stages.length);
  for (const sentence of deviceSentences(report)) expect(sentence).toMatch(/\.$/);
});

test('the race compares every kernel with the plain one', async () => {
  const race = await raceKernels(nodeRuntime(), { now, budgetMs: 60_000, width: SMALL });
  expect(race.complete).toBe(true);
  const [plain, padded, eightBits] = race.results;
  expect(plain.kernels).toEqual(PLAIN_KERNELS);
  expect(padded.error).toBeLessThan(1e-6);
  expect(eightBits.error).toBeGreaterThan(1e-4);
  expect(eightBits.error).toBeLessThan(2e-2);
});

test('a kernel that computes something else is refused', async () => {
  const real = nodeRuntime();
  let opened = 0;
  const broken: Runtime = {
    backend: 'node',
    halfPrecision: false,
    dispose: () => real.dispose(),
    async open(graph, weights) {
      const session = await real.open(graph, weights);
      if (opened++ === 0) return session;
      const wrong = async () => ({
        outputs: { sum: { type: 'float32', dims: [1], data: Float32Array.of(Number.NaN) } as const },
        resident: {},
      });
      return {
        name: graph.name,
        run: async () => ({}),
        runResident: wrong,
        dispose: () => session.dispose(),
      };
    },
  };
  const race = await raceKernels(broken, { now, budgetMs: 60_000, width: SMALL });
  expect(race.chosen).toEqual(PLAIN_KERNELS);
  for (const { refused } of race.results.slice(1)) expect(refused).toMatch(/^it differs by/);
});

test('without time the plain kernel is chosen', async () => {
  const race = await raceKernels(nodeRuntime(), { now, budgetMs: 0, width: SMALL });
  expect(race).toMatchObject({ chosen: PLAIN_KERNELS, complete: false });
});
