import { setTimeout as delay } from 'node:timers/promises';
import type { DuckDBConnection, DuckDBResult } from '@duckdb/node-api';
import { MillraceError, show } from '../../shared/errors.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';
import type { DatabaseCore } from '../database-core.ts';
import { checkAborted } from '../read/turns.ts';
import { type DuckDbHost, nextStatementId, openHost } from './duckdb-host.ts';
import { describePushedDown } from './explain.ts';
import { tablesOf } from './named-tables.ts';
import { type BoundParameters, bindParameters } from './parameters.ts';
import { needOf } from './plan.ts';
import { uniqueNames } from './result-forms.ts';
import { inUnit, type PushedDown, RunningQuery } from './running-query.ts';
import { type SqlColumn, SqlColumnBuilder } from './sql-column.ts';
import type { SqlParameters } from './sql-types.ts';
import type { Statement } from './statement.ts';
import { scanFunctionOf } from './table-function.ts';
import { quoteName } from './tokens.ts';

/** Rows of a batch of a result, at least: 8 of DuckDB's chunks. */
const BATCH_ROWS = 16_384;

/** Asks DuckDB for something. */
type Ask = <T>(call: () => Promise<T>) => Promise<T>;

/** While DuckDB is asked to end something, it is asked again this often: before it has begun, an interrupt is lost. */
const INTERRUPT_EVERY_MS = 20;

/**
 * SQL of one database. For each statement a connection to DuckDB gets views of the tables that the text names, over functions
 * that call back here for rows.
 */
export class SqlSession {
  private readonly core: DatabaseCore;
  private readonly running = new Map<number, RunningQuery>();
  private readonly connections = new Map<number, DuckDBConnection>();
  private readonly finishing = new Map<number, Promise<void>>();
  /** Calls that DuckDB has not answered yet. */
  private readonly inFlight = new Set<Promise<unknown>>();
  private host: DuckDbHost | undefined;
  private closed = false;

  constructor(core: DatabaseCore) {
    this.core = core;
  }

  /**
   * Runs a statement that reads; yields its rows in batches, at least one, which may be empty.
   * @throws SQL_ERROR, MISSING_PACKAGE, ABORTED, DAMAGED, CLOSED
   */
  async *read(
    statement: Statement,
    params: SqlParameters | undefined,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<SqlColumn[]> {
    checkAborted(signal);
    this.checkOpen();
    const host = await openHost();
    this.host = host;
    const bound = params === undefined ? undefined : bindParameters(host.duckdb, params);
    const connection = await host.instance.connect();
    if (this.closed) connection.disconnectSync();
    this.checkOpen();
    const id = nextStatementId();
    const query = new RunningQuery(signal);
    host.running.set(id, query);
    this.running.set(id, query);
    this.connections.set(id, connection);
    try {
      yield* this.run({ host, connection, id, query, statement, bound });
    } catch (error) {
      throw this.asError(error, query, statement);
    } finally {
      await this.finish(id);
    }
  }

  /** Ends what runs, with CLOSED, and lets go of DuckDB. */
  async close(): Promise<void> {
    this.closed = true;
    for (const query of this.running.values()) {
      query.failure ??= new MillraceError('CLOSED', 'the database was closed while the statement ran');
    }
    while (this.inFlight.size > 0) {
      for (const connection of this.connections.values()) connection.interrupt();
      await Promise.race([Promise.allSettled(this.inFlight), delay(INTERRUPT_EVERY_MS)]);
    }
    // Those whose caller has stopped asking, and may never ask again.
    await Promise.all([...this.connections.keys()].map((id) => this.finish(id)));
  }

  private async *run({
    host,
    connection,
    id,
    query,
    statement,
    bound,
  }: {
    host: DuckDbHost;
    connection: DuckDBConnection;
    id: number;
    query: RunningQuery;
    statement: Statement;
    bound: BoundParameters | undefined;
  }): AsyncGenerator<SqlColumn[]> {
    const ask: Ask = (call) => this.follow(query, connection, call);
    const tables = tablesOf(statement, this.core);
    for (const [name, definition] of tables) {
      const scan = `FROM ${scanFunctionOf(host, definition)}(${id})`;
      await ask(() => connection.run(`CREATE TEMP VIEW ${quoteName(name)} AS ${scan}`));
    }
    // One transaction, so that now() is the same in the plan and in the run.
    await ask(() => connection.run('BEGIN TRANSACTION'));
    const pushed = await this.openScans(ask, connection, { host, query, statement, bound }, [
      ...tables.values(),
    ]);
    let result: DuckDBResult = await ask(() => stream(connection, statement.text, bound));
    if (statement.kind === 'explain') {
      const explained = result;
      result = await ask(() => withMillrace(connection, explained, pushed));
    }
    const names = uniqueNames(result.columnNames());
    const builders = result
      .columnTypes()
      .map((type, i) => new SqlColumnBuilder(host.duckdb, names[i]!, type));
    let rows = 0;
    let batches = 0;
    for (;;) {
      checkAborted(query.signal);
      const chunk = await ask(() => result.fetchChunk());
      const isEnd = chunk === null || chunk.rowCount === 0;
      if (!isEnd) {
        for (const [i, builder] of builders.entries()) builder.add(chunk, i);
        rows += chunk.rowCount;
      }
      if (isEnd ? rows > 0 || batches === 0 : rows >= BATCH_ROWS) {
        yield builders.map((builder) => builder.take());
        batches++;
        rows = 0;
      }
      if (isEnd) return;
    }
  }

  /** Takes the snapshots of all tables of a statement at one moment, each within what the plan needs of it. */
  private async openScans(
    ask: Ask,
    connection: DuckDBConnection,
    {
      host,
      query,
      statement,
      bound,
    }: {
      host: DuckDbHost;
      query: RunningQuery;
      statement: Statement;
      bound: BoundParameters | undefined;
    },
    definitions: readonly TableDefinition[],
  ): Promise<PushedDown[]> {
    if (definitions.length === 0) return [];
    let plan: unknown;
    if (statement.hasPlan) {
      const text = `EXPLAIN (FORMAT json) ${statement.inner}`;
      const result = await ask(() => connection.run(text, bound?.values, bound?.types));
      plan = JSON.parse(String((await ask(() => result.getRows()))[0]![1]));
    }
    return definitions.map((definition) => {
      const core = this.core.core(definition);
      const need = needOf(plan ?? {}, scanFunctionOf(host, definition));
      const scan = query.open(core, need.bounds);
      const all = statement.kind === 'explain' ? core.openScan({}) : undefined;
      all?.release();
      return {
        table: definition.name,
        columns: need.columns,
        isShown: need.isShown,
        ...inUnit(definition.unit, need.bounds),
        unit: definition.unit,
        blocks: scan.blocks,
        blocksOfTable: all?.blocks ?? scan.blocks,
        liveRows: scan.liveRows,
      };
    });
  }

  /** Asks DuckDB and waits; what is ours of an error goes first, also one of before: then DuckDB is not asked at all. */
  private async follow<T>(
    query: RunningQuery,
    connection: DuckDBConnection,
    ask: () => Promise<T>,
  ): Promise<T> {
    if (query.failure !== undefined) throw query.failure;
    checkAborted(query.signal);
    const call = ask();
    this.inFlight.add(call);
    let timer: NodeJS.Timeout | undefined;
    const interrupt = (): void => {
      connection.interrupt();
      timer ??= setInterval(() => connection.interrupt(), INTERRUPT_EVERY_MS);
    };
    query.signal?.addEventListener('abort', interrupt);
    try {
      const result = await call;
      if (query.failure !== undefined) throw query.failure;
      return result;
    } finally {
      query.signal?.removeEventListener('abort', interrupt);
      clearInterval(timer);
      this.inFlight.delete(call);
    }
  }

  /** Lets go of a statement's connection and snapshots. Two callers may want it: the statement itself, and `close`. */
  private finish(id: number): Promise<void> {
    let finishing = this.finishing.get(id);
    if (finishing === undefined) {
      finishing = this.finishOnce(id).finally(() => this.finishing.delete(id));
      this.finishing.set(id, finishing);
    }
    return finishing;
  }

  private async finishOnce(id: number): Promise<void> {
    const connection = this.connections.get(id);
    if (connection === undefined) return;
    // DuckDB's threads that read ahead for a stream may be calling us back just now, and disconnecting, which waits for them
    // on this thread, would wait for ever: the rollback waits for them on another.
    await connection.run('ROLLBACK').catch(() => {});
    this.running.get(id)?.release();
    this.host?.running.delete(id);
    this.running.delete(id);
    this.connections.delete(id);
    connection.disconnectSync();
  }

  private asError(error: unknown, query: RunningQuery, statement: Statement): unknown {
    if (query.failure !== undefined) return query.failure;
    if (MillraceError.is(error)) return error;
    if (query.signal?.aborted) {
      return new MillraceError('ABORTED', 'the statement was aborted by its signal', {}, query.signal.reason);
    }
    const said = (error as Error).message;
    return new MillraceError('SQL_ERROR', said, { sql: show(statement.text) }, error);
  }

  private checkOpen(): void {
    if (this.closed) throw new MillraceError('CLOSED', 'the database is closed; open it again');
    this.core.checkReadable();
  }
}

function stream(
  connection: DuckDBConnection,
  text: string,
  bound: BoundParameters | undefined,
): Promise<DuckDBResult> {
  return connection.stream(text, bound?.values, bound?.types);
}

/** What DuckDB explains, and a row of our own. */
async function withMillrace(
  connection: DuckDBConnection,
  result: DuckDBResult,
  pushed: readonly PushedDown[],
): Promise<DuckDBResult> {
  const rows = (await result.getRows()).map(([key, value]) => [String(key), String(value)]);
  rows.push(['millrace', describePushedDown(pushed)]);
  const list = rows.map((_, i) => `($${2 * i + 1}, $${2 * i + 2})`).join(', ');
  return connection.run(`FROM (VALUES ${list}) plan(explain_key, explain_value)`, rows.flat());
}
