/**
 * What a conversion writes into: a folder on disk, in the browser's storage, or in memory. `writer.node.ts`
 * and `memory-writer.ts` implement it here.
 */

/** A file that is being written. Writes may come in any order and do not overlap. */
export interface FileSink {
  write(offset: number, bytes: Uint8Array): Promise<void>;
  /** Returns when all bytes written so far would survive a crash of the machine. */
  flush(): Promise<void>;
  /** SHA-256 of the file as it is stored, hexadecimal. Reads it in pieces. */
  sha256(): Promise<string>;
  close(): Promise<void>;
}

/** A folder that is being written. Paths are relative, with `/`. */
export interface FolderWriter {
  /**
   * Opens a file for writing, and creates it and its folders if they are missing. Bytes that the file has
   * already stay as they are.
   * @param sizeBytes size of the complete file. The file gets this size at once
   * @throws OmniError `storage`
   */
  open(path: string, sizeBytes: number): Promise<FileSink>;
  /** Size of a file, or undefined if it does not exist. */
  sizeOf(path: string): Promise<number | undefined>;
  /** Removes all files, because they are of another conversion. */
  clear(): Promise<void>;
  /** Records what is finished. Without it a conversion cannot go on after an interruption. */
  readonly journal?: Journal;
}

/** A small text file that only grows. It is kept beside the files, and is not one of them. */
export interface Journal {
  /** All of its text, empty if there is none. After a crash, the last line may be incomplete. */
  read(): Promise<string>;
  /** Replaces its text. */
  write(text: string): Promise<void>;
  /** Appends text. Returns when it would survive a crash of the machine. */
  append(text: string): Promise<void>;
}
