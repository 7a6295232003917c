/** The limits of a database. Each is checked before anything is written, so what was taken can always be read back. */

/** Rows of a vector, and of a chunk: 8 KiB of f64, which fits the first-level cache beside its encoded form. */
export const VECTOR_ROWS = 1024;
/** Smallest capacity of a chunk: the header's cost is then under a tenth of a narrow row's bytes. */
export const MIN_CHUNK_ROWS = 16;
/** Tables of one database: one cache line of shared words each, 4 MiB of address space in all. */
export const MAX_TABLES = 65_536;
/** Columns of a table: a chunk of 16 rows of f64 is then 0.5 MiB. */
export const MAX_COLUMNS = 4096;
/** Bytes of a name in UTF-8. */
export const MAX_NAME_BYTES = 255;
/** Bytes of one utf8 or bytes value. */
export const MAX_VALUE_BYTES = 1 << 20;
/** Bytes of all utf8 and bytes values of one row together: a row must fit an empty chunk. */
export const MAX_ROW_BYTES = 8 << 20;
/** Bytes of a chunk's data, so that a block of it can be read back at once. */
export const MAX_CHUNK_BYTES = 16 << 20;
/** Bytes of a block or page that a reader is willing to believe in. */
export const MAX_BLOCK_BYTES = 64 << 20;
/** Versions of one table's schema (a u16 in a piece). */
export const MAX_SCHEMA_VERSIONS = 65_535;
