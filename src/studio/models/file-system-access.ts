/**
 * Folders as handles: only some browsers have them, and the types of the compiler lack them.
 * Source: https://wicg.github.io/file-system-access/
 */

declare global {
  interface FileSystemHandle {
    queryPermission?(descriptor: { mode: 'read' }): Promise<PermissionState>;
    requestPermission?(descriptor: { mode: 'read' }): Promise<PermissionState>;
  }
  interface DataTransferItem {
    getAsFileSystemHandle?(): Promise<FileSystemHandle | null>;
  }
  interface Window {
    showDirectoryPicker?(options: { id: string; mode: 'read' }): Promise<FileSystemDirectoryHandle>;
  }
}

/** Whether the browser can give the page a folder that it may read again in later visits. */
export function picksHandles(): boolean {
  return window.showDirectoryPicker !== undefined;
}

/**
 * Opens the browser's folder picker.
 * @returns undefined if the person closes it
 */
export async function pickDirectory(): Promise<FileSystemDirectoryHandle | undefined> {
  try {
    return await window.showDirectoryPicker?.({ id: 'checkpoint', mode: 'read' });
  } catch (error) {
    if (error instanceof DOMException && error.name === 'AbortError') return undefined;
    throw error;
  }
}

/** The folder of a dropped item, in browsers that have handles. */
export async function directoryOfItem(
  item: DataTransferItem,
): Promise<FileSystemDirectoryHandle | undefined> {
  const handle = await item.getAsFileSystemHandle?.().catch(() => null);
  return handle && isDirectoryHandle(handle) ? handle : undefined;
}

/**
 * Whether the page may read a folder.
 * @param ask shows the browser's question, for which the person must just have clicked
 */
export async function mayRead(directory: FileSystemDirectoryHandle, ask: boolean): Promise<boolean> {
  try {
    const state = ask
      ? await directory.requestPermission?.({ mode: 'read' })
      : await directory.queryPermission?.({ mode: 'read' });
    return state === 'granted';
  } catch {
    return false;
  }
}

function isDirectoryHandle(handle: FileSystemHandle): handle is FileSystemDirectoryHandle {
  return handle.kind === 'directory';
}
