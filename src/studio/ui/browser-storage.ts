/** What the browser says about the storage of this page. */

export interface StorageSpace {
  readonly usedBytes: number;
  readonly quotaBytes: number;
  /** The browser keeps it until the person deletes it. */
  readonly persisted: boolean;
}

/** Undefined in a browser that does not tell. */
export async function storageSpace(): Promise<StorageSpace | undefined> {
  try {
    const [{ usage, quota }, persisted] = await Promise.all([
      navigator.storage.estimate(),
      navigator.storage.persisted(),
    ]);
    if (usage === undefined || quota === undefined) return undefined;
    return { usedBytes: usage, quotaBytes: quota, persisted };
  } catch {
    return undefined;
  }
}

/** Asks the browser to keep what this page stores. @returns whether it does */
export async function askToKeepStorage(): Promise<boolean> {
  return (await navigator.storage?.persist?.()) ?? false;
}
