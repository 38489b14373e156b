/** Locks between the tabs of an origin, and what the browser says about space. */

/** Takes a lock until it is released or the tab ends. Returns undefined if another tab has it. */
export function webLock(name: string): Promise<(() => void) | undefined> {
  // Without the API, as on pages without a secure context, there is no second tab to protect from.
  if (!navigator.locks) return Promise.resolve(() => undefined);
  return new Promise((resolve, reject) => {
    navigator.locks
      .request(name, { ifAvailable: true }, (lock) => {
        if (!lock) return resolve(undefined);
        return new Promise<void>((release) => resolve(release));
      })
      .catch(reject);
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
