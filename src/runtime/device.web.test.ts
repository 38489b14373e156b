import { expect, test } from 'vitest';
import { OmniError } from '../errors.ts';
import { watchDevice } from './device.web.ts';

/** A fake GPUDevice: a test raises its error and loss events. */
class FakeDevice extends EventTarget {
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

function fakeGpu() {
  const device = new FakeDevice();
  return { device, gpu: watchDevice(device as unknown as GPUDevice, 'a test card') };
}

test('work returns its result if the GPU reports no error', async () => {
  const { gpu } = fakeGpu();
  expect(await gpu.checked('running', async () => 7)).toBe(7);
  expect(gpu.halfPrecision).toBe(true);
});

test('a GPU that runs out of memory says so', async () => {
  const { device, gpu } = fakeGpu();
  const work = gpu.checked('opening the graph "vae"', async () => device.report('Out of memory\nat 3'));
  await expect(work).rejects.toMatchObject({
    code: 'memory',
    message: 'The graphics processor ran out of memory while opening the graph "vae".',
  });
});

test('work that returned a result fails if the GPU reported an error', async () => {
  const { device, gpu } = fakeGpu();
  const work = gpu.checked('running the graph "vae"', async () => device.report('Invalid buffer\nat 3'));
  await expect(work).rejects.toMatchObject({
    code: 'device',
    message: 'The graphics processor reported an error while running the graph "vae": Invalid buffer',
  });
  expect(await gpu.checked('running', async () => 1)).toBe(1);
});

test("the GPU's error replaces the engine's error; without one the engine's error is thrown", async () => {
  const { device, gpu } = fakeGpu();
  const failed = gpu.checked('opening', async () => {
    device.report('Buffer too large');
    throw new Error('mapAsync failed');
  });
  await expect(failed).rejects.toThrow(/Buffer too large/);
  const other = new OmniError({ code: 'device', message: 'm', action: 'a' });
  await expect(gpu.checked('opening', () => Promise.reject(other))).rejects.toBe(other);
});

test('an error that the GPU reports late fails the next work', async () => {
  const { device, gpu } = fakeGpu();
  await gpu.checked('running', async () => undefined);
  device.report('Device is short of memory');
  const next = gpu.checked('running', () => expect.unreachable('it must not run'));
  await expect(next).rejects.toThrow(/short of memory/);
});

test('a lost device fails all work with the reason, and settles `lost`', async () => {
  const { device, gpu } = fakeGpu();
  device.lose({ reason: 'unknown', message: 'GPU process crashed' });
  await gpu.lost;
  await expect(gpu.checked('running', async () => 1)).rejects.toMatchObject({
    code: 'device',
    permanent: false,
    message: 'The graphics processor was lost while running (GPU process crashed).',
  });
});
