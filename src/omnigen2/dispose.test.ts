import { expect, test } from 'vitest';
import { disposeAll } from './dispose.ts';

test('what fails to close leaves nothing else open, and is told', async () => {
  const closed: string[] = [];
  const part = (name: string, fails = false) => ({
    dispose: async () => {
      closed.push(name);
      if (fails) throw new Error(`${name} does not close`);
    },
  });
  const opened = [
    Promise.resolve(part('a', true)),
    Promise.reject(new Error('never opened')),
    Promise.resolve('no session'),
    Promise.resolve(part('b')),
  ];
  await expect(disposeAll(opened)).rejects.toThrow('a does not close');
  expect(closed).toEqual(['a', 'b']);
});
