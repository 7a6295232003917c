import { performance } from 'node:perf_hooks';
import type { Appender, Connection, Instance } from './duckdb-api.ts';

/** A transaction takes rows for this long: Millrace's commit interval. */
const TRANSACTION_MS = 10;
/** One takes rows while the other one commits. */
const CONNECTIONS = 2;

/** The transactions in which rows are appended to some tables. */
export interface Transactions {
  start(): Promise<void>;
  /** The appender of a table, for rows of now; of another transaction it is another one. */
  appenderOf(table: number): Appender | Promise<Appender>;
  /** Whether it is time for the next transaction. */
  isDue(): boolean;
  /** Begins the next one; this one is committed meanwhile. */
  next(): Promise<void>;
  /** Returns when all is committed, and with that synced. */
  end(): Promise<void>;
}

/** The appenders' own: each commits 204,800 rows of its table at a time, and what is left when it is closed. */
export class OwnTransactions implements Transactions {
  readonly #connection: Connection;
  readonly #tables: readonly string[];
  readonly #appenders: Appender[] = [];

  constructor(connection: Connection, tables: readonly string[]) {
    this.#connection = connection;
    this.#tables = tables;
  }

  async start(): Promise<void> {
    for (const table of this.#tables) this.#appenders.push(await this.#connection.createAppender(table));
  }

  appenderOf(table: number): Appender {
    return this.#appenders[table]!;
  }

  isDue(): boolean {
    return false;
  }

  async next(): Promise<void> {}

  async end(): Promise<void> {
    for (const appender of this.#appenders) appender.closeSync();
  }
}

/** A connection, its transaction and the appenders of the tables that got rows in it. */
interface Turn {
  readonly connection: Connection;
  readonly appenders: Map<number, Appender>;
  /** Of its transaction before. */
  committed: Promise<unknown>;
}

/**
 * Transactions of 10 ms, of all tables' rows; COMMIT returns when they are synced. It runs in a thread of libuv, so that with
 * two connections one transaction takes rows while the one before is committed. An appender is closed before COMMIT, as
 * closing has it hand over its rows within the connection's transaction.
 */
export class TimedTransactions implements Transactions {
  readonly #instance: Instance;
  readonly #tables: readonly string[];
  readonly #turns: Turn[] = [];
  #turn = 0;
  #end = 0;

  constructor(instance: Instance, tables: readonly string[]) {
    this.#instance = instance;
    this.#tables = tables;
  }

  async start(): Promise<void> {
    for (let i = 0; i < CONNECTIONS; i++) {
      const connection = await this.#instance.connect();
      this.#turns.push({ connection, appenders: new Map(), committed: Promise.resolve() });
    }
    await this.#begin();
  }

  appenderOf(table: number): Appender | Promise<Appender> {
    return this.#now.appenders.get(table) ?? this.#makeAppender(table);
  }

  isDue(): boolean {
    return performance.now() >= this.#end;
  }

  async next(): Promise<void> {
    this.#commit();
    this.#turn = (this.#turn + 1) % this.#turns.length;
    await this.#begin();
  }

  async end(): Promise<void> {
    this.#commit();
    for (const { connection, committed } of this.#turns) {
      await committed;
      connection.closeSync();
    }
  }

  get #now(): Turn {
    return this.#turns[this.#turn]!;
  }

  async #makeAppender(table: number): Promise<Appender> {
    const { appenders, connection } = this.#now;
    const appender = await connection.createAppender(this.#tables[table]!);
    appenders.set(table, appender);
    return appender;
  }

  async #begin(): Promise<void> {
    const { committed, connection } = this.#now;
    await committed;
    await connection.run('BEGIN');
    this.#end = performance.now() + TRANSACTION_MS;
  }

  #commit(): void {
    const now = this.#now;
    for (const appender of now.appenders.values()) appender.closeSync();
    now.appenders.clear();
    now.committed = now.connection.run('COMMIT');
    // Told to who awaits it: the next transaction of this connection, or the end.
    now.committed.catch(() => {});
  }
}
