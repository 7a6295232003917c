const MIB = 1 << 20;

/** A bounded file must have this much, so much more for each writer, and for each table. */
const LEAST = { base: 4 * MIB, writer: 2 * MIB, table: 32 << 10 };

/** The least that `maxBytes` may be. */
export function leastMaxBytes(writers: number, tables: number): number {
  return Math.max(LEAST.base + writers * LEAST.writer, tables * LEAST.table);
}

/** Tables that a bounded file may have: each has a block that stays, and pages that are written anew. */
export function mostTables(maxBytes: number): number {
  return Math.floor(maxBytes / LEAST.table);
}

/**
 * Bytes of strings and byte arrays that a row of a bounded file may have, so that a block finds room when older ones make way.
 */
export function rowLimitOf(maxBytes: number): number {
  return Math.floor(maxBytes / 16);
}

/** Bytes that a chunk should not go beyond for more than one row, for the same reason. @param rowLimit of the file */
export function chunkLimitOf(rowLimit: number): number {
  return Math.floor(rowLimit / 4);
}
