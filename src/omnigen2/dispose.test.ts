import { expect, test } from 'vitest';
import { disposeAll } from './dispose.ts';

test('an error does not keep the others from being disposed, and is thrown', async () => {
  const closed: string[] = [];
  const part = (name: string, fails = false) => ({
    dispose: async () => {
      closed.push(name);
      if (fails) throw new Error(`${name} failed`);
    },
  });
  const opened = [
    Promise.resolve(part('a', true)),
    Promise.reject(new Error('never opened')),
    Promise.resolve('no session'),
    Promise.resolve(part('b')),
  ];
  await expect(disposeAll(opened)).rejects.toThrow('a failed');
  expect(closed).toEqual(['a', 'b']);
});
