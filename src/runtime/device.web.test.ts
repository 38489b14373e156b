import { expect, test } from 'vitest';
import { OmniError } from '../errors.ts';
import { ownDevice } from './device.web.ts';

/** The part of a browser's device that is watched, with its events at hand. */
class StandInDevice extends EventTarget {
  readonly features = new Set(['shader-f16']);
  lose: (info: { reason: string; message: string }) => void = () => undefined;
  readonly lost = new Promise((resolve) => {
    this.lose = resolve;
  });

  report(message: string): void {
    this.dispatchEvent(Object.assign(new Event('uncapturederror'), { error: { message } }));
  }

  destroy(): void {
    this.lose({ reason: 'destroyed', message: '' });
  }
}

function owned() {
  const device = new StandInDevice();
  return { device, gpu: ownDevice(device as unknown as GPUDevice, 'a test card') };
}

test('work without a report gives its result', async () => {
  const { gpu } = owned();
  expect(await gpu.checked('running', async () => 7)).toBe(7);
  expect(gpu.halfPrecision).toBe(true);
});

test('what the GPU reports fails work that seemed to succeed', async () => {
  const { device, gpu } = owned();
  const work = gpu.checked('running the graph "vae"', async () => device.report('Out of memory\nat 3'));
  await expect(work).rejects.toMatchObject({
    code: 'device',
    message: 'The graphics processor reported an error while running the graph "vae": Out of memory',
  });
  expect(await gpu.checked('running', async () => 1)).toBe(1);
});

test("the GPU's report goes before the engine's own error, which goes through without one", async () => {
  const { device, gpu } = owned();
  const failed = gpu.checked('opening', async () => {
    device.report('Buffer too large');
    throw new Error('mapAsync failed');
  });
  await expect(failed).rejects.toThrow(/Buffer too large/);
  const other = new OmniError({ code: 'device', message: 'm', action: 'a' });
  await expect(gpu.checked('opening', () => Promise.reject(other))).rejects.toBe(other);
});

test('a report that comes late fails the next work', async () => {
  const { device, gpu } = owned();
  await gpu.checked('running', async () => undefined);
  device.report('Device is short of memory');
  const next = gpu.checked('running', () => expect.unreachable('it must not run'));
  await expect(next).rejects.toThrow(/short of memory/);
});

test('a lost device refuses, says why and tells whoever waits for it', async () => {
  const { device, gpu } = owned();
  device.lose({ reason: 'unknown', message: 'GPU process crashed' });
  await gpu.lost;
  await expect(gpu.checked('running', async () => 1)).rejects.toMatchObject({
    code: 'device',
    permanent: false,
    message: 'The graphics processor was lost while running (GPU process crashed).',
  });
});
