/** Disposes several things even if some fail. */

/**
 * Disposes the fulfilled values of `opened` that have `dispose()`, one after another. Ignores rejected
 * promises.
 * @throws the first error, after all have been disposed
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
