import assert from 'node:assert/strict';
import type { Rows, TableInfo } from '../../src/main/index.ts';
import { ModelSession, type SessionOptions, timeRange } from '../support/model-session.ts';
import type { ModelQuery, ModelTable } from '../support/model-table.ts';
import {
  type Cell,
  f64Bits,
  Random,
  type Row,
  randomRows,
  throughValue,
  toValue,
} from '../support/model-values.ts';
import { type Command, type Query, SERIES, TABLES } from './model-commands.ts';

/** Runs commands against the engine and the model at once; throws where they part. */
export async function runScenario(first: SessionOptions, commands: readonly Command[]): Promise<void> {
  const runner = new Runner(new ModelSession(first));
  try {
    for (const command of commands) await runner.run(command);
    await runner.endScan();
    await runner.session.checkAll();
    await runner.session.reopen(first);
  } finally {
    runner.session.drop();
  }
}

/** A scan under way, and the rows that it must still give. */
interface OpenScan {
  readonly model: ModelTable;
  readonly columns: readonly string[] | undefined;
  readonly iterator: AsyncGenerator<Rows>;
  readonly batchRows: number;
  expected: Row[];
}

class Runner {
  readonly session: ModelSession;
  private scan: OpenScan | undefined;

  constructor(session: ModelSession) {
    this.session = session;
  }

  async run(command: Command): Promise<void> {
    const { session } = this;
    switch (command.do) {
      case 'createTable':
        return session.createTable(TABLES[command.table]!);
      case 'appendValue':
        return this.appendValue(randomRows(command.seed, command.rows, 'ms', ['f64']));
      case 'turn':
        for (let turn = 0; turn < command.turns; turn++) session.engine.turn();
        return;
      case 'sync':
        return session.sync();
      case 'flush':
        return session.flush();
      case 'drained':
        return session.db.drained();
      case 'compare everything':
        return session.checkAll();
      case 'goOnWithScan':
        return this.goOnWithScan(command.batches);
      case 'endScan':
        return this.endScan();
      case 'reopen':
        await this.endScan();
        return session.reopen(command.options);
      case 'crash':
        this.scan = undefined;
        return session.crash(command.crash, command.options);
      case 'pack':
        return session.pack(command.target);
      case 'retain':
        return this.retain(command.row);
      case 'killWriter':
        return session.killWriter(command.steps);
      default:
        return this.runOnTable(command, TABLES[command.table]!);
    }
  }

  private async runOnTable(command: Extract<Command, { table: number }>, info: TableInfo): Promise<void> {
    const { session } = this;
    const model = session.tables.get(info.name);
    if (model === undefined) {
      assert.throws(() => session.db.table(info.name), { code: 'UNKNOWN_TABLE' });
      return;
    }
    const types = info.columns.map(({ type }) => type);
    switch (command.do) {
      case 'appendRow':
        return session.appendRows(model, randomRows(command.seed, command.rows, info.unit, types));
      case 'append':
        return session.append(model, command.form, randomRows(command.seed, command.rows, info.unit, types));
      case 'query': {
        const query = modelQuery(model, command);
        const actual = await session.table(model).query(model.options(query) as never);
        return model.check(actual as Rows, model.query(query), query.columns);
      }
      case 'startScan': {
        await this.endScan();
        const query = modelQuery(model, command);
        const { batchRows } = command;
        const iterator = session.table(model).scan({ ...model.options(query), batchRows } as never);
        this.scan = {
          model,
          batchRows,
          columns: query.columns,
          iterator: iterator as AsyncGenerator<Rows>,
          expected: model.query(query),
        };
        // The snapshot is that of the first batch.
        return this.goOnWithScan(1);
      }
      case 'queryTableRangeColumns': {
        const { from, to } = modelQuery(model, { ...NOTHING_ASKED, ...command });
        return model.check(
          await session.db.queryTableRangeColumns(info.name, from!, to!),
          model.query({ from, to }),
        );
      }
      case 'timeRange':
        assert.deepEqual(await session.db.timeRange(info.name), timeRange(model));
        return;
      case 'lastSeq': {
        assert.equal(await session.table(model).lastSeq(), model.rows.length);
        const all = [...session.tables.values()].reduce((sum, other) => sum + other.rows.length, 0);
        assert.equal(await session.db.lastSeq(), all);
        return;
      }
    }
  }

  /** Drops rows older than some row of some table. */
  private async retain(pick: number): Promise<void> {
    const models = [...this.session.tables.values()].filter(({ rows }) => rows.length > 0);
    const model = models[pick % models.length];
    if (model === undefined) return;
    const { ts } = model.rows[pick % model.rows.length]!;
    const perMs = { ms: 1n, us: 1000n, ns: 1_000_000n }[model.info.unit];
    const cutoffMs = Number(ts / perMs);
    // Timestamps reach to the ends of int64, times in ms to those of Date; the newest rows are left.
    if (Math.abs(cutoffMs) > 8.64e15) return;
    await this.session.retain(cutoffMs);
  }

  private async appendValue(values: readonly Row[]): Promise<void> {
    const { session } = this;
    for (const { ts, cells } of values) {
      const bits = cells[0] ?? f64Bits(0);
      const cell = throughValue('f64', bits);
      session.db.appendValue(SERIES.name, Number(ts), toValue('f64', bits) as number);
      if (!session.tables.has(SERIES.name)) await session.createTable(SERIES);
      session.appended(session.tables.get(SERIES.name)!, [{ ts, cells: [cell] }]);
    }
  }

  private async goOnWithScan(batches: number): Promise<void> {
    for (let i = 0; i < batches && this.scan !== undefined; i++) {
      const { model, iterator, batchRows, columns, expected } = this.scan;
      const { done, value } = await iterator.next();
      if (done) {
        assert.equal(expected.length, 0, 'a scan that ends has given all rows');
        this.scan = undefined;
        return;
      }
      model.check(value, expected.splice(0, batchRows), columns);
      assert.ok(value.rowCount > 0, 'no batch is empty');
    }
  }

  /** Ends a scan early, as `break` does. */
  async endScan(): Promise<void> {
    await this.scan?.iterator.return(undefined);
    this.scan = undefined;
  }
}

const NOTHING_ASKED: Query = {
  from: undefined,
  to: undefined,
  columns: undefined,
  where: [],
  limit: undefined,
  order: undefined,
};

/** A query in the model's words: bounds and values are near those of the table's rows. */
function modelQuery(model: ModelTable, { from, to, columns, where, limit, order }: Query): ModelQuery {
  const names = model.info.columns.map(({ name }) => name);
  return {
    from: boundOf(model, from),
    to: boundOf(model, to),
    columns: columns === undefined ? undefined : [...new Set(columns.map((i) => names[i % names.length]!))],
    where: where.map((predicate) => {
      const column = predicate.column % names.length;
      return { column: names[column]!, op: predicate.op, cell: storedOrOther(model, column, predicate.row) };
    }),
    limit,
    order,
  };
}

/** A timestamp of some row, or one beside it. */
function boundOf({ rows }: ModelTable, pick: number | undefined): bigint | undefined {
  if (pick === undefined) return undefined;
  const offset = BigInt((pick % 3) - 1);
  return rows.length === 0 ? BigInt(pick) : rows[pick % rows.length]!.ts + offset;
}

/** The value of some row, or any other value of the type. */
function storedOrOther(model: ModelTable, column: number, pick: number): Cell {
  const { type } = model.info.columns[column]!;
  const stored = model.rows[pick % Math.max(1, model.rows.length)]?.cells[column] ?? null;
  if (stored !== null && pick % 4 !== 0) return stored;
  const random = new Random(pick);
  for (;;) {
    const cell = randomRows(random.u32(), 1, 'ms', [type])[0]!.cells[0]!;
    if (cell !== null) return throughValue(type, cell);
  }
}
