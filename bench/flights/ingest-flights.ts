import { formatCount } from '../../src/main/cli/numbers.ts';
import { ProgressBar } from '../../src/main/cli/progress.ts';
import type { NanoTsDbShared } from '../../src/main/index.ts';
import { openParquetSource } from '../../src/main/ingest/parquet-source.ts';
import type { IngestBatch } from '../../src/main/ingest/source.ts';
import { TableBatcher } from '../../src/main/ingest/table-batcher.ts';
import type { ExpectedRows } from './expected-rows.ts';

/** ms between two looks at the writers. */
const WRITERS_EVERY_MS = 500;

/** Where the time went. */
export interface IngestTimes {
  readonly rows: number;
  readonly tables: number;
  /** Reading the file: decoding Parquet, and grouping the rows by airport. */
  readonly decoding_ms: number;
  readonly grouping_ms: number;
  /** Making tables, appending, waiting for the engine, syncing. */
  readonly append_ms: number;
  readonly sync_ms: number;
}

/** Brings the first `rows` rows of the flights into the database, a table for each airport of origin. */
export async function ingestFlights(
  db: NanoTsDbShared,
  file: string,
  rows: number,
  expected: ExpectedRows,
): Promise<IngestTimes> {
  const source = await openParquetSource(file, {
    ts: 'date',
    tableBy: 'origin',
    unit: 'ms',
    types: { delay: 'f64', distance: 'f64' },
    onDecoded: (column, row, values) => expected.note(column, row, values),
  });
  const batcher = new TableBatcher(db, { columns: source.columns, unit: source.unit, table: undefined });
  const watch = new WriterWatch(db, rows);
  let decoding_ms = 0;
  let grouping_ms = 0;
  try {
    const batches = source.batches();
    while (batcher.rows < rows) {
      const begin = performance.now();
      const next = await batches.next();
      decoding_ms += performance.now() - begin;
      if (next.done === true) break;
      const before = performance.now() - batcher.engine_ms;
      await batcher.append(firstRows(next.value, rows - batcher.rows));
      grouping_ms += performance.now() - batcher.engine_ms - before;
      await watch.look(batcher.rows);
    }
  } finally {
    watch.end();
    await source.close();
  }
  const beforeSync = performance.now();
  await db.sync();
  return {
    rows: batcher.rows,
    tables: batcher.tableNames.length,
    decoding_ms: decoding_ms - expected.spent_ms,
    grouping_ms,
    append_ms: batcher.engine_ms,
    sync_ms: performance.now() - beforeSync,
  };
}

/** At most `count` rows of a batch. */
function firstRows(batch: IngestBatch, count: number): IngestBatch {
  if (batch.rowCount <= count) return batch;
  return {
    rowCount: count,
    ts: batch.ts.subarray(0, count),
    columns: batch.columns.map((column) =>
      Array.isArray(column) ? column.slice(0, count) : column.subarray(0, count),
    ),
    validity: batch.validity,
    keys: batch.keys?.slice(0, count),
  };
}

/** Shows progress with each writer's rate: a bar on a terminal, a line every half second elsewhere. */
class WriterWatch {
  readonly #db: NanoTsDbShared;
  readonly #total: number;
  readonly #bar = new ProgressBar(process.stdout);
  #looked_ms = performance.now();
  #before: readonly number[] = [];
  #rates = '';

  constructor(db: NanoTsDbShared, total: number) {
    this.#db = db;
    this.#total = total;
  }

  async look(rows: number): Promise<void> {
    const now = performance.now();
    if (now - this.#looked_ms >= WRITERS_EVERY_MS) {
      const { writers } = await this.#db.stats();
      const rates = writers.map(
        (writer, at) => ((writer.rows - (this.#before[at] ?? 0)) / (now - this.#looked_ms)) * 1000,
      );
      this.#rates = `writers ${rates.map((rate) => `${(rate / 1e6).toFixed(2)} M/s`).join(', ')}`;
      this.#before = writers.map((writer) => writer.rows);
      this.#looked_ms = now;
      if (process.stdout.isTTY !== true) {
        console.log(
          `  ${formatCount(rows).padStart(9)} rows  ${((rows / this.#total) * 100).toFixed(0).padStart(3)} %  ${this.#rates}`,
        );
      }
    }
    this.#bar.update(rows / this.#total, rows, this.#rates);
  }

  end(): void {
    this.#bar.clear();
  }
}
