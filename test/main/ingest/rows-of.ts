import type { IngestSource } from '../../../src/main/ingest/source.ts';
import { isPresent } from '../../../src/main/ingest/validity.ts';

/** All rows of a source as plain values, nulls as null; the source is closed. `error` is what ended it early. */
export async function rowsOf(
  source: IngestSource,
): Promise<{ rows: unknown[][]; keys: string[]; error: unknown }> {
  const rows: unknown[][] = [];
  const keys: string[] = [];
  let error: unknown;
  try {
    for await (const batch of source.batches()) {
      for (let row = 0; row < batch.rowCount; row++) {
        const values = batch.columns.map((column, at) =>
          isPresent(batch.validity[at], row) ? column[row] : null,
        );
        rows.push([batch.ts[row], ...values]);
      }
      keys.push(...(batch.keys ?? []));
    }
  } catch (thrown) {
    error = thrown;
  }
  await source.close();
  return { rows, keys, error };
}
