import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import { type DuckDb, loadDuckDb } from './duckdb.ts';
import type { RunningQuery } from './running-query.ts';

/**
 * DuckDB as all databases of this thread share it: one instance in memory, without any table of its own. It is never closed:
 * DuckDB would destroy the functions on whichever of its threads lets go of it last, and they hold JavaScript callbacks.
 */
export interface DuckDbHost {
  readonly duckdb: DuckDb;
  readonly instance: DuckDBInstance;
  /** Registers the functions. A synchronous call of it must never bind one: that calls back while this thread waits. */
  readonly plain: DuckDBConnection;
  /** Names of the functions, by table number and shape; a database that is opened again finds its own. */
  readonly functions: Map<string, string>;
  /** The statements that run, by their numbers: what a function is called with. */
  readonly running: Map<number, RunningQuery>;
}

let opening: Promise<DuckDbHost> | undefined;
let lastId = 0;

/** @throws MISSING_PACKAGE */
export function openHost(): Promise<DuckDbHost> {
  opening ??= makeHost().catch((error: unknown) => {
    opening = undefined;
    throw error;
  });
  return opening;
}

/** A number for a statement. */
export function nextStatementId(): number {
  lastId = (lastId + 1) % 2 ** 31;
  return lastId;
}

async function makeHost(): Promise<DuckDbHost> {
  const duckdb = await loadDuckDb();
  const instance = await duckdb.DuckDBInstance.create(':memory:', {
    // Nothing is fetched from the net behind the user's back.
    autoinstall_known_extensions: 'false',
    // A large sort spills here, and not into a folder of the current directory.
    temp_directory: join(tmpdir(), `millrace-sql-${process.pid}`),
  });
  const plain = await instance.connect();
  await plain.run("SET GLOBAL TimeZone = 'UTC'");
  return { duckdb, instance, plain, functions: new Map(), running: new Map() };
}
