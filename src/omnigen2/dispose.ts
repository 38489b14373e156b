/** Closes what has been opened, whole: one failure leaves nothing else open. */

/**
 * Closes everything among `opened` that came to be and can be closed, one after another.
 * @throws the first failure, after all have been closed
 */
export async function disposeAll(opened: readonly Promise<unknown>[]): Promise<void> {
  const failures: unknown[] = [];
  for (const each of await Promise.allSettled(opened)) {
    if (each.status !== 'fulfilled' || !isDisposable(each.value)) continue;
    await each.value.dispose().catch((error: unknown) => failures.push(error));
  }
  if (failures.length > 0) throw failures[0];
}

function isDisposable(value: unknown): value is { dispose(): Promise<void> } {
  return typeof value === 'object' && value !== null && 'dispose' in value;
}
