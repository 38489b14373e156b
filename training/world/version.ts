/** Grows when the same arguments give other shards. */
export const WORLD_VERSION = 13;
