import assert from 'node:assert/strict';
import { NanoTsDbShared, type Rows, type Table, type TableInfo } from '../../src/main/index.ts';
import { ReadOnlyDatabase } from '../../src/main/read-only.ts';
import { writerCounter } from '../../src/shared/control/counters.ts';
import { MAINTENANCE_DEFAULTS, type MaintenanceOptions } from '../../src/shared/control/maintenance.ts';
import { writerOf } from '../../src/shared/control/shared-state.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { WriterKilled } from '../../src/workers/writer/options.ts';
import { InlineEngine, newFile } from './inline-engine.ts';
import { type BatchForm, batchOf } from './model-batch.ts';
import { CuttableFile, loseSuperblock } from './model-file.ts';
import { ModelTable } from './model-table.ts';
import { Random, type Row, throughValue, toValue } from './model-values.ts';

/** How a database is opened, again and again. */
export interface SessionOptions {
  readonly writers: number;
  readonly commitIntervalMs: number;
  readonly durability: 'interval' | 'always' | 'none';
  readonly memoryBudgetBytes?: number;
  readonly maintenance?: MaintenanceOptions | undefined;
}

/** How the engine comes to its end. */
export interface Crash {
  /** `process`: what was written stays, synced or not; `power`: only what was synced; `torn`: also any of the rest. */
  readonly kind: 'process' | 'power' | 'torn';
  /** What goes on meanwhile. */
  readonly during: 'nothing' | 'sync' | 'flush' | 'pack' | 'close';
  /** Writes and syncs of the file that come before it. */
  readonly writes: number;
  /** A superblock that the crash destroys: either one alone must open the file with nothing lost. */
  readonly losing: 0 | 1 | undefined;
  readonly seed: number;
}

/** What a crash leaves behind, and what of it must be found again. */
interface Wreck {
  readonly image: Uint8Array;
  /** Rows that each writer's tables must have together: what it had committed. */
  readonly committed: readonly number[];
}

/** A turn moves the clock by 1 ms, so this is several commits of any interval that is used here. */
const TURNS_MAX = 200;

/** A database over a file in memory and, beside it, the plain arrays that it must agree with. */
export class ModelSession {
  readonly tables = new Map<string, ModelTable>();
  db!: NanoTsDbShared;
  engine!: InlineEngine;
  private options!: SessionOptions;
  /** Rows that each writer's tables had when the database was opened. */
  private rowsAtOpen: number[] = [];
  private checkpointAtOpen = 0;
  private cuttable!: CuttableFile;
  /** The crash that is under way, writes and syncs left before it, and what it left behind. */
  private crashing: Crash | undefined;
  private writesLeft = 0;
  private wreck: Wreck | undefined;
  /** Steps that a writer may still take before it is killed; negative: none will be. */
  private stepsLeft = -1;

  constructor(options: SessionOptions) {
    this.open(newFile(), options);
  }

  /** Makes a table, or finds that it is there; it may then be used. */
  async createTable(info: TableInfo): Promise<void> {
    const table = await this.db.createTable(info.name, info.columns, { unit: info.unit });
    assert.deepEqual(table.schema(), info);
    if (!this.tables.has(info.name)) this.tables.set(info.name, new ModelTable(info));
  }

  /** Appends rows one by one. */
  appendRows(model: ModelTable, rows: readonly Row[]): void {
    const { columns, unit } = model.info;
    const table = this.table(model);
    for (const [i, { ts, cells }] of rows.entries()) {
      const values = columns.map(({ type }, column) => toValue(type, cells[column]!));
      // ms tables take numbers and bigints.
      table.appendRow(unit === 'ms' && i % 2 === 0 ? Number(ts) : ts, values);
      this.appended(model, [asValues(model, { ts, cells })]);
    }
  }

  /** Appends rows together. */
  append(model: ModelTable, form: BatchForm, rows: readonly Row[]): void {
    this.table(model).append(batchOf(form, model.info, rows) as never);
    this.appended(model, form === 'plain' ? rows.map((row) => asValues(model, row)) : rows);
  }

  /** Notes rows that the database has taken. */
  appended(model: ModelTable, rows: readonly Row[]): void {
    model.rows.push(...rows);
    if (this.options.durability === 'always' && rows.length > 0) this.acknowledge(model);
  }

  async sync(): Promise<void> {
    await this.db.sync();
    for (const model of this.tables.values()) this.acknowledge(model);
  }

  async flush(): Promise<void> {
    await this.db.flush();
    for (const model of this.tables.values()) this.acknowledge(model);
  }

  /** Packs every table. */
  async pack(target?: number): Promise<void> {
    for (const name of this.tables.keys()) await this.db.packTable(name, target);
  }

  /** Drops what is older than a time in ms, in every table. */
  async retain(cutoffMs: number): Promise<void> {
    await this.db.compactRetentionNow(cutoffMs);
    const perMs = { ms: 1n, us: 1000n, ns: 1_000_000n };
    for (const model of this.tables.values()) {
      const cutoff = BigInt(cutoffMs) * perMs[model.info.unit];
      if (cutoff > model.cutoff) model.cutoff = cutoff;
      this.acknowledge(model);
    }
  }

  /** A table's handle, of unknown types. */
  table(model: ModelTable): Table {
    return this.db.table(model.info.name);
  }

  /** Compares everything that can be asked about every table. */
  async checkAll(): Promise<void> {
    assert.deepEqual(this.db.listTables(), [...this.tables.keys()].sort());
    const stats = await this.db.stats();
    for (const model of this.tables.values()) {
      const { name } = model.info;
      assert.deepEqual(this.db.schema(name), model.info);
      model.check((await this.table(model).query()) as Rows, model.query({}));
      assert.equal(await this.db.lastSeq(name), model.rows.length, `lastSeq of ${name}`);
      const span = timeRange(model);
      assert.deepEqual(await this.db.timeRange(name), span);
      const { rows, from, to } = stats.tables.find((table) => table.name === name)!;
      assert.deepEqual(
        { rows, from, to },
        { rows: model.visible.length, from: span?.from ?? null, to: span?.to ?? null },
      );
    }
  }

  /** Closes the database, opens its file again and compares. */
  async reopen(options: SessionOptions): Promise<void> {
    await this.db.close();
    for (const model of this.tables.values()) this.acknowledge(model);
    this.open(this.engine.file, options);
    this.countRows();
    await this.checkAll();
  }

  /** Kills the writer that takes the step after so many, when it takes it; the coordinator replaces it. */
  killWriter(steps: number): void {
    this.stepsLeft = steps;
  }

  /**
   * Drops the engine as it stands when it crashes, and opens what it leaves behind. Of each table a prefix in order of
   * arrival must be there, with all that was acknowledged; the model is cut to it.
   */
  async crash(crash: Crash, options: SessionOptions): Promise<void> {
    const { image, committed } = await this.wreckAt(crash);
    const ids = new Map(this.engine.coordinator.tables().map(({ name, id }) => [name, id]));
    this.drop();
    const readOnly = new NanoTsDbShared(new ReadOnlyDatabase('memory', new MemoryFile(image).open()));
    this.open(new MemoryFile(image), options);
    const found = committed.map(() => 0);
    for (const [name, model] of [...this.tables]) {
      const hasTable = this.db.hasTable(name);
      const rows = hasTable ? ((await this.table(model).query()) as Rows).rowCount : 0;
      const told = `${name} has ${rows} rows after a crash (${crash.kind}, during ${crash.during})`;
      assert.ok(rows >= model.durable, `${told}, ${model.durable} were durable`);
      assert.ok(rows <= model.rows.length, `${told}, only ${model.rows.length} were appended`);
      assert.ok(hasTable || !model.isDurable, `${name} is gone after a crash`);
      found[writerOf(ids.get(name)!, found.length)]! += rows;
      model.rows.length = rows;
      this.acknowledge(model);
      assert.equal(readOnly.hasTable(name), hasTable);
      if (hasTable) model.check((await readOnly.table(name).query()) as Rows, model.query({}));
      else this.tables.delete(name);
    }
    for (const [writer, rows] of committed.entries()) {
      assert.ok(
        found[writer]! >= rows,
        `writer ${writer} had committed ${rows} rows, ${found[writer]} are there`,
      );
    }
    this.countRows();
    await readOnly.close();
    await this.checkAll();
  }

  private async wreckAt(crash: Crash): Promise<Wreck> {
    this.stepsLeft = -1;
    this.crashing = crash;
    this.writesLeft = crash.writes;
    if (crash.during === 'nothing') {
      for (let turns = 0; this.wreck === undefined && turns < TURNS_MAX && crash.writes > 0; turns++)
        this.engine.turn();
    } else {
      await (crash.during === 'pack' ? this.pack() : this.db[crash.during]());
    }
    const wreck = this.wreck ?? this.salvage(crash);
    this.crashing = undefined;
    this.wreck = undefined;
    return wreck;
  }

  /** Ends without a word, as a killed process does. */
  drop(): void {
    // Else the engine would be kept, to be waited for when the test's own process ends.
    (this.db as unknown as { core: { forgetExit(): void } }).core.forgetExit();
  }

  private open(file: MemoryFile, options: SessionOptions): void {
    this.options = options;
    this.cuttable = new CuttableFile(file, () => this.beforeWrite());
    this.stepsLeft = -1;
    this.engine = new InlineEngine({
      file,
      ...options,
      maintenance: options.maintenance ?? { ...MAINTENANCE_DEFAULTS, auto: false },
      open: () => this.cuttable.open(),
      onStep: (_writer, step) => {
        if (this.stepsLeft >= 0 && this.stepsLeft-- === 0) throw new WriterKilled(step);
      },
    });
    this.db = NanoTsDbShared.over(this.engine);
    this.checkpointAtOpen = this.engine.shared.control.root().sequence;
    this.rowsAtOpen = this.perWriter(() => 0);
  }

  /** Notes what each writer's tables have, for its counter begins at 0. */
  private countRows(): void {
    for (const { name, id } of this.engine.tables) {
      this.rowsAtOpen[writerOf(id, this.rowsAtOpen.length)]! += this.tables.get(name)!.rows.length;
    }
  }

  private beforeWrite(): void {
    if (this.crashing === undefined || this.wreck !== undefined || this.writesLeft-- > 0) return;
    this.wreck = this.salvage(this.crashing);
  }

  private salvage({ kind, losing, seed }: Crash): Wreck {
    const { file, shared } = this.engine;
    // With durability 'none' a commit is not synced: nothing is promised of it after a power cut.
    const promised = kind === 'process' || this.options.durability !== 'none';
    const rowsNow = this.perWriter((writer) =>
      promised ? writerCounter(shared.control, writer, 'rows') : 0,
    );
    const image =
      kind === 'process'
        ? file.image()
        : kind === 'power'
          ? file.syncedImage()
          : this.cuttable.tornImage(new Random(seed));
    return {
      image: losing === undefined ? image : loseSuperblock(image, losing, this.checkpointAtOpen),
      committed: rowsNow.map((rows, writer) => rows + this.rowsAtOpen[writer]!),
    };
  }

  private perWriter(count: (writer: number) => number): number[] {
    return Array.from({ length: this.options.writers }, (_, writer) => count(writer));
  }

  private acknowledge(model: ModelTable): void {
    model.durable = model.rows.length;
    model.isDurable = true;
  }
}

/** A row as it is when it was given as JS values. */
function asValues(model: ModelTable, { ts, cells }: Row): Row {
  return { ts, cells: cells.map((cell, i) => throughValue(model.info.columns[i]!.type, cell)) };
}

/** The smallest and largest timestamp of the model, as the table's unit has them. */
export function timeRange({
  info,
  visible: rows,
}: ModelTable): { from: number | bigint; to: number | bigint } | null {
  if (rows.length === 0) return null;
  const times = rows.map((row) => row.ts);
  const from = times.reduce((least, ts) => (ts < least ? ts : least));
  const to = times.reduce((most, ts) => (ts > most ? ts : most));
  return info.unit === 'ms' ? { from: Number(from), to: Number(to) } : { from, to };
}
