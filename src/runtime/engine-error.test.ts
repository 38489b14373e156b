import { expect, it } from 'vitest';
import { OmniError } from '../errors.ts';
import { engineError } from './engine-error.ts';

it.each<[unknown, string]>([
  [new Error('out of memory\n  at somewhere'), 'out of memory.'],
  [1234, 'the engine stopped with 1234.'],
  [
    new Error(
      'failed to call OrtRun(). /build/core/common/safeint.h:17 static void SafeIntExceptionHandler<E>::',
    ),
    'what it works on is too large for WebAssembly.',
  ],
])('%s is told in a sentence', (cause, words) => {
  expect(engineError('transformer', 'run', cause)).toMatchObject({
    code: 'device',
    message: `The graph "transformer" could not be run on this device: ${words}`,
  });
});

it('passes an error of the project on', () => {
  const error = new OmniError({ code: 'unreachable', message: 'a', action: 'b' });
  expect(engineError('transformer', 'opened', error)).toBe(error);
});
