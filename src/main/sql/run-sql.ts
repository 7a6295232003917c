import type { RecordBatch } from 'apache-arrow';
import { MillraceError, show } from '../../shared/errors.ts';
import { loadArrow } from '../arrow/load-arrow.ts';
import type { DatabaseCore } from '../database-core.ts';
import { checkAborted } from '../read/turns.ts';
import { parseCreateTable, tableExists } from './create-table.ts';
import { insertBatch, parseInsert } from './insert-rows.ts';
import { checkParameters } from './parameters.ts';
import { toRecordBatch } from './result-arrow.ts';
import { toColumns, toRows } from './result-forms.ts';
import { type SqlColumn, SqlColumnBuilder } from './sql-column.ts';
import { SqlSession } from './sql-session.ts';
import type { SqlBatches, SqlFormat, SqlOptions, SqlResults } from './sql-types.ts';
import { parseStatement, type Statement } from './statement.ts';

const FORMATS: readonly SqlFormat[] = ['rows', 'columns', 'arrow'];

/** SQL of a database: what `db.sql` and `db.sqlStream` call. */
export class SqlRunner {
  private readonly core: DatabaseCore;
  private readonly session: SqlSession;

  constructor(core: DatabaseCore) {
    this.core = core;
    this.session = new SqlSession(core);
  }

  /** Runs a statement to its end. */
  async run<F extends SqlFormat>(
    sql: unknown,
    params: unknown,
    options: SqlOptions<F>,
  ): Promise<SqlResults[F]> {
    const { format, times } = checkOptions(options);
    const batches: SqlColumn[][] = [];
    for await (const batch of this.batches(sql, params, options.signal)) batches.push(batch);
    if (format === 'rows') return batches.flatMap((batch) => toRows(batch, times)) as never;
    if (format === 'columns') return toColumns(join(batches), times) as never;
    const arrow = await loadArrow();
    return new arrow.Table(batches.map((batch) => toRecordBatch(arrow, batch))) as never;
  }

  /** Runs a statement and yields its result batch by batch, as DuckDB makes it. */
  async *stream<F extends SqlFormat>(
    sql: unknown,
    params: unknown,
    options: SqlOptions<F>,
  ): AsyncGenerator<SqlBatches[F]> {
    const { format, times } = checkOptions(options);
    for await (const batch of this.batches(sql, params, options.signal)) {
      if (format === 'rows') yield toRows(batch, times) as never;
      else if (format === 'columns') yield toColumns(batch, times) as never;
      else yield toRecordBatch(await loadArrow(), batch) satisfies RecordBatch as never;
    }
  }

  close(): Promise<void> {
    return this.session.close();
  }

  private async *batches(
    sql: unknown,
    params: unknown,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SqlColumn[]> {
    this.core.checkReadable();
    checkAborted(signal);
    const statement = parseStatement(sql);
    const checked = checkParameters(params);
    if (statement.kind === 'create') yield this.create(statement, checked !== undefined);
    else if (statement.kind === 'insert') yield this.insert(statement, checked);
    else yield* this.session.read(statement, checked, signal);
  }

  private create(statement: Statement, hasParams: boolean): SqlColumn[] {
    this.core.checkWritable();
    if (hasParams) throw new MillraceError('SQL_ERROR', 'CREATE TABLE takes no parameters; leave them out');
    const { name, ifNotExists, unit, columns } = parseCreateTable(statement.tokens);
    const isThere = this.core.find(name) !== undefined;
    if (isThere && !ifNotExists) throw tableExists(name);
    if (!isThere) this.core.createTable(name, columns, unit);
    return [count(isThere ? 0 : 1)];
  }

  private insert(statement: Statement, params: ReturnType<typeof checkParameters>): SqlColumn[] {
    this.core.checkWritable();
    const insert = parseInsert(statement.tokens, params);
    const definition = this.core.find(insert.table);
    if (definition === undefined) {
      throw new MillraceError(
        'UNKNOWN_TABLE',
        `there is no table ${show(insert.table)}; make it with CREATE TABLE`,
        { table: insert.table },
      );
    }
    this.core.core(definition).append(insertBatch(definition, insert, Date.now()));
    return [count(insert.rows.length)];
  }
}

/** What CREATE (tables made) and INSERT (rows) answer, as DuckDB does. */
function count(rows: number): SqlColumn {
  return { name: 'Count', type: 'BIGINT', values: BigInt64Array.of(BigInt(rows)), validity: undefined };
}

function join(batches: readonly SqlColumn[][]): SqlColumn[] {
  if (batches.length === 1) return batches[0]!;
  return batches[0]!.map((_, i) => SqlColumnBuilder.join(batches.map((batch) => batch[i]!)));
}

function checkOptions(options: SqlOptions): { format: SqlFormat; times: 'ms' | 'bigint' } {
  if (typeof options !== 'object' || options === null) {
    throw new MillraceError('INVALID_OPTION', `the options are ${show(options)}; they must be an object`);
  }
  const known = ['format', 'times', 'signal'];
  const unknown = Object.keys(options).find((key) => !known.includes(key));
  if (unknown !== undefined) {
    throw new MillraceError(
      'INVALID_OPTION',
      `sql has no option ${show(unknown)}; it has ${known.join(', ')}`,
      {
        option: unknown,
      },
    );
  }
  const { format = 'rows', times = 'ms', signal } = options;
  if (!FORMATS.includes(format)) {
    throw new MillraceError('INVALID_OPTION', `format is ${show(format)}; it must be ${FORMATS.join(', ')}`, {
      format: show(format),
    });
  }
  if (times !== 'ms' && times !== 'bigint') {
    throw new MillraceError('INVALID_OPTION', `times is ${show(times)}; it must be 'ms' or 'bigint'`, {
      times: show(times),
    });
  }
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw new MillraceError('INVALID_OPTION', `signal is ${show(signal)}; it must be an AbortSignal`);
  }
  return { format, times };
}
