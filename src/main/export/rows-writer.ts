import type { Rows } from '../api-types.ts';

/** The formats that `millrace export` writes. */
export const EXPORT_FORMATS = ['csv', 'parquet', 'arrow', 'arrow-stream'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

/** Turns rows into the bytes of a file, batch by batch. */
export interface RowsWriter {
  /** @returns bytes to write next; they are read before the next call */
  add(rows: Rows): readonly Uint8Array[];
  /** @returns the last bytes, the header too if there was no row */
  end(): readonly Uint8Array[];
}
