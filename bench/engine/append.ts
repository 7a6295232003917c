import type { NanoTsDbShared, Table } from '../../src/main/index.ts';
import { generateW, inTurn, partOf, W_COLUMNS, W_ROW_NUMBERS, type WTable } from '../workload/workload-w.ts';
import type { EngineJob, Latency } from './contract.ts';

type MachineTable = Table<typeof W_COLUMNS, 'ms'>;

/** ms that each pass over the rows is later than the one before: W's rows are 100 ms apart, and one more for the jitter. */
const STEP_MS = 100;

/** The rows of a producer: every `producers`-th table from its own on. */
export function rowsOfProducer(job: EngineJob, producer: number): WTable[] {
  const { producers, rowsPerTable, tables } = job;
  const all = generateW({ tables: Math.min(tables, DISTINCT), rowsPerTable });
  return Array.from({ length: tables }, (_, i) => ({ ...all[i % all.length]!, name: `m${i}` })).filter(
    (_, i) => i % producers === producer,
  );
}

/** Of many tables, so many have rows of their own: the others repeat them. Making rows takes longer than appending them. */
const DISTINCT = 16;

/**
 * Single rows that are appended before it looks whether to slow down. One loop over all rows would be compiled anew in the middle of
 * each run; a function that is called often is compiled once.
 */
const CALL_ROWS = 800;

type RowAppender = ReturnType<MachineTable['rowAppender']>;

/**
 * Appends rows that lie in turn, the first to the first table; the first one's µs go to `times`, for reading the clock takes a third of an append.
 * @param from, to in numbers
 * @param later ms to add to each time
 * @returns whether to go on at full speed
 */
function appendRounds(
  appenders: readonly RowAppender[],
  rows: Float64Array,
  from: number,
  to: number,
  later: number,
  times: number[],
): boolean {
  let goOn = true;
  const start = performance.now();
  for (let at = from; at < to; ) {
    for (let t = 0; t < appenders.length; t++, at += W_ROW_NUMBERS) {
      goOn = appenders[t]!(rows[at]! + later, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!, rows[at + 4]!);
      if (at === from) times.push((performance.now() - start) * 1000);
    }
  }
  return goOn;
}

/** Rows in the order in which single rows are appended; none for batches. */
export function singleRows({ batchRows }: EngineJob, tables: readonly WTable[]): Float64Array {
  return batchRows === 1 ? inTurn(tables) : new Float64Array(0);
}

/** One thread's appends. */
export class Appender {
  private readonly job: EngineJob;
  private readonly tables: readonly WTable[];
  private readonly handles: readonly MachineTable[];
  private readonly db: NanoTsDbShared;
  private readonly singles: Float64Array;
  /** µs. */
  readonly times: number[] = [];

  /** @param singles the tables' rows as `singleRows` gives them */
  constructor(db: NanoTsDbShared, job: EngineJob, tables: readonly WTable[], singles: Float64Array) {
    this.db = db;
    this.job = job;
    this.tables = tables;
    this.singles = singles;
    this.handles = tables.map(({ name }) => db.table(name) as unknown as MachineTable);
  }

  /** Appends every row of this thread. */
  async run(): Promise<void> {
    for (let pass = 0; pass < this.job.passes; pass++) {
      if (this.job.batchRows === 1) await this.rows(pass);
      else await this.batches(pass);
    }
  }

  private async rows(pass: number): Promise<void> {
    const later = pass * this.job.rowsPerTable * STEP_MS;
    // By push: what `map` makes is another kind of array the second time, and the loop would be compiled anew.
    const appenders: RowAppender[] = [];
    for (const handle of this.handles) appenders.push(handle.rowAppender());
    const rounds = Math.max(1, Math.floor(CALL_ROWS / appenders.length));
    const numbers = rounds * appenders.length * W_ROW_NUMBERS;
    for (let at = 0; at < this.singles.length; at += numbers) {
      const end = Math.min(this.singles.length, at + numbers);
      if (!appendRounds(appenders, this.singles, at, end, later, this.times)) await this.db.drained();
    }
  }

  private async batches(pass: number): Promise<void> {
    const { batchRows, rowsPerTable } = this.job;
    const later = pass * rowsPerTable * STEP_MS;
    for (let from = 0; from < rowsPerTable; from += batchRows) {
      const to = Math.min(rowsPerTable, from + batchRows);
      for (let t = 0; t < this.handles.length; t++) {
        const { ts, columns } = partOf(this.tables[t]!, from, to);
        const batch = { ts: later === 0 ? ts : ts.map((time) => time + later), columns };
        const start = performance.now();
        const goOn = this.handles[t]!.append(batch);
        this.times.push((performance.now() - start) * 1000);
        if (!goOn) await this.db.drained();
      }
    }
  }
}

/** Percentiles of some µs. */
export function latencyOf(times: readonly number[]): Latency {
  const sorted = Float64Array.from(times).sort();
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]!;
  return { p50: at(0.5), p99: at(0.99), max: sorted[sorted.length - 1]! };
}

/** What is wrong with a table's rows as they were read back from the closed file. */
export async function wrongAnswers(db: NanoTsDbShared, job: EngineJob, table: WTable): Promise<string[]> {
  const { passes, rowsPerTable } = job;
  const wrong: string[] = [];
  let row = 0;
  for await (const { ts, columns } of db.table(table.name).scan({})) {
    for (let i = 0; i < ts.length; i++, row++) {
      const at = row % rowsPerTable;
      const later = Math.floor(row / rowsPerTable) * rowsPerTable * STEP_MS;
      const isRight =
        ts[i] === table.ts[at]! + later && W_COLUMNS.every((name) => columns[name]![i] === table[name][at]);
      if (!isRight) {
        wrong.push(`${table.name}: row ${row} is wrong`);
        return wrong;
      }
    }
  }
  if (row !== passes * rowsPerTable) wrong.push(`${table.name}: ${row} rows of ${passes * rowsPerTable}`);
  return wrong;
}
