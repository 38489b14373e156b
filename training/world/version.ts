/** Increases when the same arguments of make-shards.ts give different bytes. */
export const WORLD_VERSION = 13;
