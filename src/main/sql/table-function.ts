import type { DuckDBDataChunk, DuckDBTableFunctionInfo, DuckDBType } from '@duckdb/node-api';
import {
  type ColumnType,
  currentColumns,
  type TableDefinition,
  type TimeUnit,
} from '../../shared/schema/types.ts';
import type { ColumnArray, Rows } from '../api-types.ts';
import { checkAborted } from '../read/turns.ts';
import { sqlNames } from './column-names.ts';
import type { DuckDb } from './duckdb.ts';
import type { DuckDbHost } from './duckdb-host.ts';
import { fillTimes, fillVector } from './fill-vector.ts';
import type { RunningQuery } from './running-query.ts';

/** Rows of a DuckDB chunk. */
const CHUNK_ROWS = 2048;

/** The state of one scan within a statement. */
interface ScanState {
  /** For each column that DuckDB wants: its place in the table, −1 for `ts`. */
  readonly places: readonly number[];
  readonly query: RunningQuery;
  readonly batches: Generator<Rows>;
  rows: Rows | undefined;
  at: number;
}

/**
 * The function that gives DuckDB a table's rows, registered if it is not yet: `millrace_7(12)` scans the table for the running
 * statement 12. It is called on this thread, and only for the columns that the statement needs.
 * @returns its name
 */
export function scanFunctionOf(
  { duckdb, plain, functions, running }: DuckDbHost,
  definition: TableDefinition,
): string {
  const columns = currentColumns(definition);
  const key = JSON.stringify([definition.id, definition.unit, columns]);
  const known = functions.get(key);
  if (known !== undefined) return known;
  const functionName = `millrace_${functions.size + 1}`;
  const names = sqlNames(['ts', ...columns.map(({ name }) => name)]);
  const types = [timeType(duckdb, definition.unit), ...columns.map(({ type }) => columnType(duckdb, type))];
  plain.registerTableFunction(
    duckdb.DuckDBTableFunction.create({
      name: functionName,
      parameterTypes: [duckdb.INTEGER],
      supportsProjectionPushdown: true,
      bindFunction: (info) => {
        for (const [i, name] of names.entries()) info.addResultColumn(name, types[i]!);
        info.setBindData({ query: info.getParameter(0) as number });
      },
      initFunction: (info) => {
        const { query: id } = info.getBindData() as { query: number };
        const query = running.get(id);
        const scan = query?.scanOf(definition.id);
        if (query === undefined || scan === undefined) {
          info.setError(`statement ${id} does not read this table (any more)`);
          return;
        }
        info.setMaxThreads(1);
        const places = info.getColumnIndexes().map((index) => index - 1);
        const wanted = [...new Set(places)].filter((place) => place >= 0);
        const names = wanted.map((place) => columns[place]!.name);
        const batches = scan.batches(names, places.includes(-1));
        const state: ScanState = { places, query, batches, rows: undefined, at: 0 };
        info.setInitData(state);
      },
      mainFunction: (info, chunk) => next(duckdb, definition, info, chunk),
    }),
  );
  functions.set(key, functionName);
  return functionName;
}

/** Gives the next chunk of a scan; no rows at its end. */
function next(
  duckdb: DuckDb,
  definition: TableDefinition,
  info: DuckDBTableFunctionInfo,
  chunk: DuckDBDataChunk,
): void {
  const state = info.getInitData() as ScanState;
  try {
    if (state.query.failure !== undefined) throw state.query.failure;
    checkAborted(state.query.signal);
    if (state.rows === undefined || state.at === state.rows.rowCount) {
      const step = state.batches.next();
      state.rows = step.done === true ? undefined : step.value;
      state.at = 0;
    }
    const { rows, at } = state;
    const count = rows === undefined ? 0 : Math.min(CHUNK_ROWS, rows.rowCount - at);
    chunk.rowCount = count;
    if (rows === undefined) return;
    const columns = currentColumns(definition);
    for (const [i, place] of state.places.entries()) {
      const vector = chunk.getColumnVector(i);
      if (place < 0) fillTimes(vector, definition.unit, rows.ts, at, count);
      else {
        const { name, type } = columns[place]!;
        const values = rows.columns[name] as ColumnArray<ColumnType>;
        fillVector(
          vector,
          type,
          values,
          rows.validity[name],
          at,
          count,
          (bytes) => new duckdb.DuckDBBlobValue(bytes),
        );
      }
    }
    state.at += count;
  } catch (error) {
    // DuckDB would hand on the text alone; whoever runs the statement throws this one.
    state.query.failure ??= error;
    chunk.rowCount = 0;
    info.setError((error as Error).message);
  }
}

/** ms tables are TIMESTAMP (µs) in SQL: DuckDB's functions take it, and it compares with every other kind of time. */
function timeType(duckdb: DuckDb, unit: TimeUnit): DuckDBType {
  return unit === 'ns' ? duckdb.TIMESTAMP_NS : duckdb.TIMESTAMP;
}

function columnType(duckdb: DuckDb, type: ColumnType): DuckDBType {
  const types = {
    f64: duckdb.DOUBLE,
    f32: duckdb.FLOAT,
    i64: duckdb.BIGINT,
    i32: duckdb.INTEGER,
    bool: duckdb.BOOLEAN,
    utf8: duckdb.VARCHAR,
    bytes: duckdb.BLOB,
  } as const satisfies Record<ColumnType, DuckDBType>;
  return types[type];
}
