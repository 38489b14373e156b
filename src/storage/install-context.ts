/** What the parts of one install share. */

import type { BandEncoder } from '../checkpoints/conversion/band-encoder.ts';
import type { InstallJournal, ModelFolder } from './model-folder.ts';
import type { TransportOptions } from './transport.ts';

export interface InstallContext {
  readonly folder: ModelFolder;
  readonly journal: InstallJournal;
  /** Addresses of folders with the same files, each with `/` at its end. The first is the source. */
  readonly baseUrls: readonly string[];
  readonly transport: TransportOptions;
  /** Bytes after which an open file is flushed and noted in the journal. Default: `FLUSH_BYTES`. */
  readonly flushBytes?: number;
  /** Starts what encodes converted weights. Default: the calling thread encodes. */
  readonly encoder?: () => BandEncoder;
  /** Tells the person something while the install goes on. */
  readonly note: (words: string) => void;
}
