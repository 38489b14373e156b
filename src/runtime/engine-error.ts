/** Turns errors of the engine or its device into errors of the project. */

import { OmniError } from '../errors.ts';

/** What the engine, its allocators and the GPU say when memory is missing. */
const SHORTAGE = /bad_alloc|out of memory|not enough memory|failed to allocate|allocation failed|\bOOM\b/i;

/** Whether the text of an error says that memory is missing. */
export function isShortage(text: string): boolean {
  return SHORTAGE.test(text);
}

/**
 * An error that the engine threw, as an OmniError. An OmniError is returned unchanged.
 * @param graph the graph's name
 */
export function engineError(graph: string, done: 'opened' | 'run', cause: unknown): OmniError {
  if (cause instanceof OmniError) return cause;
  const words = detail(cause);
  if (isShortage(words)) {
    return new OmniError({
      code: 'memory',
      permanent: false,
      message: `The graph "${graph}" could not be ${done}, because this device has too little free memory.`,
      action: 'Close other tabs that use much memory and try again, or choose a smaller picture.',
      cause,
    });
  }
  return new OmniError({
    code: 'device',
    permanent: false,
    message: `The graph "${graph}" could not be ${done} on this device: ${words}`,
    action: 'Try again, or choose a smaller picture.',
    cause,
  });
}

/** The first line of the error, with a full stop. The engine also throws bare numbers. */
function detail(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : `the engine stopped with ${String(cause)}`;
  // The engine counts bytes and operations in 32 bits on WebAssembly.
  if (text.includes('SafeIntExceptionHandler')) return 'its tensors are too large for WebAssembly.';
  const line = (text.split('\n', 1)[0] ?? '').trim().slice(0, 200);
  return /[.!?]$/.test(line) ? line : `${line}.`;
}
