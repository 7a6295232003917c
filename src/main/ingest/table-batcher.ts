import { MillraceError, show } from '../../shared/errors.ts';
import type { TimeUnit } from '../../shared/schema/types.ts';
import type { Batch, TableInfo } from '../api-types.ts';
import { partitionByKey } from './partition.ts';
import type { IngestBatch, IngestColumn } from './source.ts';

/** A table as ingestion needs it; the engine's `Table` is one. */
export interface IngestTable {
  /** Takes all rows; false: taken, but wait for `drained` before the next. */
  append(batch: Batch): boolean;
}

/** A database as ingestion needs it; `NanoTsDbShared` is one. */
export interface IngestTarget {
  createTable(
    name: string,
    columns: readonly IngestColumn[],
    options: { unit: TimeUnit },
  ): Promise<IngestTable>;
  table(name: string): IngestTable;
  hasTable(name: string): boolean;
  schema(name: string): TableInfo;
  drained(): Promise<void>;
  sync(): Promise<void>;
}

/** Where the rows go and what they look like. */
export interface TableBatcherOptions {
  readonly columns: readonly IngestColumn[];
  readonly unit: TimeUnit;
  /** The one table that takes all rows; undefined: each row's key names its table. */
  readonly table: string | undefined;
}

/** Brings batches to their tables, which it makes when their first row comes. */
export class TableBatcher {
  /** Rows that the tables have taken. */
  rows = 0;
  /** Time spent in the engine: making tables, appending, waiting until it has drained. */
  engine_ms = 0;
  readonly #target: IngestTarget;
  readonly #options: TableBatcherOptions;
  readonly #tables = new Map<string, IngestTable>();

  constructor(target: IngestTarget, options: TableBatcherOptions) {
    this.#target = target;
    this.#options = options;
  }

  /** The names of the tables that rows went to, in the order in which they turned up. */
  get tableNames(): readonly string[] {
    return [...this.#tables.keys()];
  }

  /** Appends all rows of a batch; when it resolves, the arrays of the batch are free again. */
  async append(batch: IngestBatch): Promise<void> {
    const { table } = this.#options;
    const parts = table === undefined ? partitionByKey(batch) : [{ key: table, batch }];
    const begin = performance.now();
    try {
      for (const part of parts) {
        const wantsMore = (await this.#table(part.key)).append(this.#named(part.batch));
        this.rows += part.batch.rowCount;
        if (!wantsMore) await this.#target.drained();
      }
    } finally {
      this.engine_ms += performance.now() - begin;
    }
  }

  async #table(name: string): Promise<IngestTable> {
    let table = this.#tables.get(name);
    if (table === undefined) {
      const { columns, unit } = this.#options;
      if (this.#target.hasTable(name)) {
        this.#checkFits(this.#target.schema(name));
        table = this.#target.table(name);
      } else {
        table = await this.#target.createTable(name, columns, { unit });
      }
      this.#tables.set(name, table);
    }
    return table;
  }

  /** A table that is there already may have its columns in another order, but no others. */
  #checkFits(has: TableInfo): void {
    const { columns, unit } = this.#options;
    const write = (each: IngestColumn) => `${each.name} ${each.type}`;
    const there = new Set(has.columns.map(write));
    const here = new Set(columns.map(write));
    const missing = [...there].filter((each) => !here.has(each));
    const extra = [...here].filter((each) => !there.has(each));
    if (missing.length === 0 && extra.length === 0 && has.unit === unit) return;
    const problems: string[] = [];
    if (has.unit !== unit) problems.push(`its unit is ${has.unit}, not ${unit}`);
    if (missing.length > 0) problems.push(`it has ${missing.join(', ')}, which the file does not`);
    if (extra.length > 0) problems.push(`it does not have ${extra.join(', ')}`);
    throw new MillraceError(
      'TABLE_EXISTS',
      `the table ${show(has.name)} is there but differs from the file: ${problems.join('; ')}; choose columns, types and unit to fit, or another table`,
      { table: has.name },
    );
  }

  #named(batch: IngestBatch): Batch {
    const columns: Record<string, IngestBatch['columns'][number]> = {};
    const validity: Record<string, Uint8Array | undefined> = {};
    for (const [at, { name }] of this.#options.columns.entries()) {
      columns[name] = batch.columns[at]!;
      if (batch.validity[at] !== undefined) validity[name] = batch.validity[at];
    }
    return { ts: batch.ts, columns, validity };
  }
}
