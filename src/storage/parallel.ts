/** Runs work on several items at a time. */

/**
 * Calls `work` for each item, for at most `limit` at a time, in order. After the first failure it aborts the
 * rest, waits until all have ended, and throws that failure.
 */
export async function eachInParallel<T>(
  signal: AbortSignal,
  items: readonly T[],
  limit: number,
  work: (signal: AbortSignal, item: T) => Promise<void>,
): Promise<void> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const failures: unknown[] = [];
  const queue = items.values();
  const runner = async () => {
    for (const item of queue) {
      if (failures.length > 0) return;
      try {
        either.throwIfAborted();
        await work(either, item);
      } catch (error) {
        failures.push(error);
        stop.abort();
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, runner));
  if (failures.length > 0) throw signal.aborted ? signal.reason : failures[0];
}
