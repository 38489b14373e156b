/** Words for what the engine or its device throws. */

import { OmniError } from '../errors.ts';

/**
 * An engine's failure as an error of the project; one that already is passes through.
 * @param graph the graph's name
 */
export function engineError(graph: string, done: 'opened' | 'run', cause: unknown): OmniError {
  if (cause instanceof OmniError) return cause;
  return new OmniError({
    code: 'device',
    permanent: false,
    message: `The graph "${graph}" could not be ${done} on this device: ${detail(cause)}`,
    action: 'Close other tabs that use much memory and try again, or choose a smaller picture.',
    cause,
  });
}

/** The first line of what was thrown, as the end of a sentence. The engine also throws bare numbers. */
function detail(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : `the engine stopped with ${String(cause)}`;
  // On WebAssembly the engine counts bytes and work in 32 bits.
  if (text.includes('SafeIntExceptionHandler')) return 'what it works on is too large for WebAssembly.';
  const line = (text.split('\n', 1)[0] ?? '').trim().slice(0, 200);
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
