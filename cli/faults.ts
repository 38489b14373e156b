/**
 * Kills the storage of a session before and after each of its writes, and checks what the next visit finds.
 */

import { killedSession } from '../src/jobs/killed-session.node.ts';

let passed = 0;
let failed = 0;

for (const death of ['before', 'after'] as const) {
  for (let dieAt = 1; ; dieAt++) {
    const { died, faults } = await killedSession(dieAt, death);
    if (!died) break;
    if (faults.length === 0) passed++;
    else {
      failed++;
      console.log(`${death} write ${dieAt}: ${faults.join('; ')}`);
    }
  }
}

console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
