/** Locks between the tabs of an origin, and what the browser says about space. */

/** The browser releases the locks of a worker or a tab a moment after it has ended. */
const RELEASE_MS = 1000;

/**
 * Takes a lock until it is released or the tab ends. Returns undefined if another tab has it and keeps it for
 * a second.
 */
export function webLock(name: string): Promise<(() => void) | undefined> {
  // Without the API, as on pages without a secure context, there is no second tab to protect from.
  if (!navigator.locks) return Promise.resolve(() => undefined);
  const signal = AbortSignal.timeout(RELEASE_MS);
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { signal }, () => new Promise<void>((release) => resolve(release)))
      .catch((error: unknown) => (signal.aborted ? resolve(undefined) : reject(error)));
  });
}

export async function webSpace(): Promise<{ quotaBytes?: number; persisted?: boolean }> {
  try {
    const [{ quota }, persisted] = await Promise.all([
      navigator.storage.estimate(),
      navigator.storage.persisted(),
    ]);
    return { quotaBytes: quota, persisted };
  } catch {
    return {};
  }
}
