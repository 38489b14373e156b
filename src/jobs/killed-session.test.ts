import { expect, it } from 'vitest';
import { killedSession } from './killed-session.node.ts';

it('a session that is not killed keeps everything', async () => {
  const { died, writes, faults } = await killedSession(Number.POSITIVE_INFINITY, 'before');
  expect(died).toBe(false);
  expect(faults).toEqual([]);
  // `npm run faults` kills the session before and after each write.
  expect(writes).toBeGreaterThan(200);
});

it.each(['before', 'after'] as const)(
  'nothing kept is lost when the storage dies %s a write',
  async (death) => {
    for (let dieAt = 1; ; dieAt += 20) {
      const { died, faults } = await killedSession(dieAt, death);
      expect(faults, `write ${dieAt}`).toEqual([]);
      if (!died) break;
    }
  },
);
