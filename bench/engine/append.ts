import type { NanoTsDbShared, Table } from '../../src/main/index.ts';
import { generateW, partOf, W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { EngineJob, Latency } from './contract.ts';

type MachineTable = Table<typeof W_COLUMNS, 'ms'>;

/** Of calls for one row one in so many is timed: reading the clock takes a third of one. */
const TIME_EVERY = 64;
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

/** One thread's appends. */
export class Appender {
  private readonly job: EngineJob;
  private readonly tables: readonly WTable[];
  private readonly handles: readonly MachineTable[];
  private readonly db: NanoTsDbShared;
  /** µs. */
  readonly times: number[] = [];

  constructor(db: NanoTsDbShared, job: EngineJob, tables: readonly WTable[]) {
    this.db = db;
    this.job = job;
    this.tables = tables;
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
    const { rowsPerTable } = this.job;
    const later = pass * rowsPerTable * STEP_MS;
    const appenders = [];
    for (const handle of this.handles) appenders.push(handle.rowAppender());
    let untilTimed = TIME_EVERY;
    for (let i = 0; i < rowsPerTable; i++) {
      for (let t = 0; t < this.handles.length; t++) {
        const { count, pressure, temp, ts, vib } = this.tables[t]!;
        const isTimed = --untilTimed === 0;
        const start = isTimed ? performance.now() : 0;
        const goOn = appenders[t]!(ts[i]! + later, temp[i]!, pressure[i]!, vib[i]!, count[i]!);
        if (isTimed) {
          this.times.push((performance.now() - start) * 1000);
          untilTimed = TIME_EVERY;
        }
        if (!goOn) await this.db.drained();
      }
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
