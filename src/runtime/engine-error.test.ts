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
    'its tensors are too large for WebAssembly.',
  ],
])('%s becomes one sentence', (cause, words) => {
  expect(engineError('transformer', 'run', cause)).toMatchObject({
    code: 'device',
    message: `The graph "transformer" could not be run on this device: ${words}`,
  });
});

it('returns an OmniError unchanged', () => {
  const error = new OmniError({ code: 'unreachable', message: 'a', action: 'b' });
  expect(engineError('transformer', 'opened', error)).toBe(error);
});
