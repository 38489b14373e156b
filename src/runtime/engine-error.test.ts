import { expect, it } from 'vitest';
import { OmniError } from '../errors.ts';
import { engineError } from './engine-error.ts';

it.each<[unknown, string]>([
  [new Error('lost the thread\n  at somewhere'), 'lost the thread.'],
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

it.each([
  "Can't create a session. ERROR_CODE: 6, ERROR_MESSAGE: Exception during initialization: std::bad_alloc",
  'Failed to allocate memory for requested buffer of size 134217728',
  'Array buffer allocation failed',
  'Aborted(OOM). Build with -sASSERTIONS for more info.',
  'Out of memory',
])('%s says that memory is missing', (words) => {
  expect(engineError('vae.decoder', 'opened', new Error(words))).toMatchObject({
    code: 'memory',
    message: 'The graph "vae.decoder" could not be opened, because this device has too little free memory.',
  });
});

it('returns an OmniError unchanged', () => {
  const error = new OmniError({ code: 'unreachable', message: 'a', action: 'b' });
  expect(engineError('transformer', 'opened', error)).toBe(error);
});
