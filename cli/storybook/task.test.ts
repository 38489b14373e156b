import { expect, test } from 'vitest';
import { OmniError } from '../../src/errors.ts';
import { heldoutCases } from './cases.ts';
import { share } from './figures.ts';
import { shareOf } from './statistics.ts';
import { type BenchTask, runnable, type Tools } from './task.ts';

const OPTIONS = { seed: 5, n: 4, show: 2 };

/** A task that draws nothing and fails in its second case. */
function task(seeds: number[], error: unknown): BenchTask<boolean> {
  return {
    title: 'Test',
    cases: (seed, n) => heldoutCases('edit', seed, n),
    async measure(_, given, seed) {
      seeds.push(seed);
      if (seeds.length === 2) throw error;
      return { outcome: true, said: [given.kind] };
    },
    failed: () => false,
    figures: (outcomes) => [share('right', shareOf(outcomes))],
  };
}

function tools(): { tools: Tools; controller: AbortController } {
  const controller = new AbortController();
  return { tools: { signal: controller.signal } as Tools, controller };
}

test('a case that throws counts as failed and is listed; the others are measured', async () => {
  const seeds: number[] = [];
  const error = new OmniError({ code: 'device', message: 'No memory.', action: 'Buy some.' });
  const report = await runnable(task(seeds, error))(tools().tools, 'edit', OPTIONS);
  expect(seeds).toEqual([5, 6, 7, 8]);
  expect(report).toMatchObject({ cases: 4, failures: [{ id: 'edit-2', message: 'No memory.' }] });
  expect(report.figures[0].value).toMatchObject({ right: 3, n: 4 });
  expect(report.reports.map(({ outcome }) => outcome)).toEqual([true, false, true, true]);
  expect(report.reports[1].said).toEqual(['error: No memory.']);
  expect(report.shown).toHaveLength(2);
  expect(report.shown[0].references[0]).toMatchObject({ width: 128, height: 128 });
  expect(report.shown[0].truth).toBeDefined();
});

test('an abort ends the task and does not count as a failed case', async () => {
  const { tools: aborted, controller } = tools();
  const abort = new DOMException('stopped', 'AbortError');
  const seeds: number[] = [];
  const measure = async (...[, , seed]: Parameters<BenchTask<boolean>['measure']>) => {
    seeds.push(seed);
    controller.abort(abort);
    throw abort;
  };
  await expect(runnable({ ...task([], abort), measure })(aborted, 'edit', OPTIONS)).rejects.toBe(abort);
  expect(seeds).toHaveLength(1);
  // Without an abort, the same error of an engine is a failure.
  const own = await runnable(task([], abort))(tools().tools, 'edit', OPTIONS);
  expect(own.failures).toHaveLength(1);
});
