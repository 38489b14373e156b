/** Limits of what the store accepts from outside. They are far above any real model. */

/** Largest size of one file: 1 TB. */
export const MAX_FILE_BYTES = 1e12;

/** Largest configuration, tokenizer or index. They are read into memory. */
export const MAX_SMALL_FILE_BYTES = 64e6;

/** Bytes after which an open file is flushed and noted in the journal. */
export const FLUSH_BYTES = 4e6;

/** Bytes of the source after which a conversion flushes its file and notes that in its journal. */
export const CONVERSION_FLUSH_BYTES = 8e6;

/** Format of the weights if the person does not choose. */
export const DEFAULT_WEIGHTS = 'q4';

/** Requests at the same time. */
export const PARALLEL_REQUESTS = 4;
