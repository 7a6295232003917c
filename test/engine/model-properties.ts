import type { TestContext } from 'node:test';
import fc from 'fast-check';
import type { TableInfo } from '../../src/main/index.ts';
import type { BatchForm } from '../support/model-batch.ts';
import { ModelSession } from '../support/model-session.ts';
import { Random, type Row, randomRows } from '../support/model-values.ts';
import { maintainedScenarios, scenarios } from './model-commands.ts';
import { runScenario } from './model-runner.ts';

/** The limit of one value. */
export const MIB = 1 << 20;
/** The least memory that the options of `open` allow for a writer. */
const WRITER_BYTES = 32 * MIB;

export const FIXED: TableInfo = {
  name: 'fixed',
  unit: 'ms',
  columns: [
    { name: 'a', type: 'f64' },
    { name: 'b', type: 'f32' },
    { name: 'c', type: 'i64' },
  ],
};
const MIXED: TableInfo = {
  name: 'mixed',
  unit: 'us',
  columns: [
    { name: 'reading', type: 'f64' },
    { name: 'text', type: 'utf8' },
    { name: 'flag', type: 'bool' },
    { name: 'raw', type: 'bytes' },
    { name: 'count', type: 'i32' },
  ],
};
const LARGE: TableInfo = {
  name: 'large',
  unit: 'ms',
  columns: ['first', 'second', 'third', 'fourth'].map((name, i) => ({
    name,
    type: i % 2 === 0 ? 'bytes' : 'utf8',
  })),
};

type Form = BatchForm | 'rows';
const form = fc.constantFrom<Form>('typed', 'plain', 'arrow batch', 'arrow table', 'rows');

/** Any sequence of calls, closes and crashes agrees with plain arrays. */
export async function sequencesAgree(t: TestContext, runs: number, commandsMax: number): Promise<void> {
  await fc.assert(
    fc.asyncProperty(scenarios(commandsMax), ({ first, commands }) => runScenario(first, commands)),
    parameters(t, runs),
  );
}

/** The same with packs, retention and maintenance by itself between the calls. */
export async function maintenanceIsNotNoticed(
  t: TestContext,
  runs: number,
  commandsMax: number,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(maintainedScenarios(commandsMax), ({ first, commands }) => runScenario(first, commands)),
    parameters(t, runs),
  );
}

/** Batches that cross the borders of chunks, and strings that fill their arenas, are kept whole and in order. */
export async function batchesAreKept(t: TestContext, runs: number): Promise<void> {
  const batch = fc.record({
    table: fc.constantFrom(MIXED, FIXED),
    rows: fc.oneof(fc.nat(5000), fc.constantFrom(15, 16, 17, 1023, 1024, 1025, 2048)),
    seed: fc.integer(),
    form,
    turns: fc.nat(8),
  });
  const writers = fc.integer({ min: 1, max: 3 });
  await fc.assert(
    fc.asyncProperty(writers, fc.array(batch, { maxLength: 8 }), (count, batches) =>
      withTables(count, [MIXED, FIXED], async (session) => {
        for (const { table, rows, seed, form, turns } of batches) {
          const types = table.columns.map(({ type }) => type);
          appendAs(session, table, form, randomRows(seed, rows, table.unit, types));
          for (let turn = 0; turn < turns; turn++) session.engine.turn();
        }
      }),
    ),
    parameters(t, runs),
  );
}

/** Values up to the limit, several in a row, are taken whatever the memory was cut into before. */
export async function largeValuesAreKept(t: TestContext, runs: number): Promise<void> {
  const size = fc.oneof(
    { weight: 4, arbitrary: fc.nat(64) },
    { weight: 2, arbitrary: fc.nat(64 * 1024) },
    { weight: 2, arbitrary: fc.nat(MIB) },
    { weight: 1, arbitrary: fc.constantFrom(0, MIB - 1, MIB) },
  );
  const batch = fc.record({
    sizes: fc.array(fc.tuple(size, size, size, size), { minLength: 1, maxLength: 12 }),
    small: fc.nat(3000),
    seed: fc.integer(),
    form,
    turns: fc.nat(3),
  });
  const writers = fc.integer({ min: 1, max: 2 });
  await fc.assert(
    fc.asyncProperty(writers, fc.array(batch, { maxLength: 5 }), (count, batches) =>
      withTables(count, [FIXED, LARGE], async (session) => {
        for (const { sizes, small, seed, form, turns } of batches) {
          const random = new Random(seed);
          // Rows of a narrow table cut the memory into small chunks, which large rows must then find room among.
          appendAs(session, FIXED, 'typed', randomRows(seed, small, 'ms', ['f64', 'f32', 'i64']));
          const rows = sizes.map((row, i) => ({
            ts: BigInt(i),
            cells: row.map((bytes) => String.fromCharCode(97 + random.below(26)).repeat(bytes)),
          }));
          appendAs(session, LARGE, form, rows);
          for (let turn = 0; turn < turns; turn++) session.engine.turn();
        }
      }),
    ),
    parameters(t, runs),
  );
}

/** Opens a database of some tables, runs calls against it, and compares before and after it is closed. */
export async function withTables(
  writers: number,
  tables: readonly TableInfo[],
  calls: (session: ModelSession) => Promise<void>,
): Promise<void> {
  const options = {
    writers,
    commitIntervalMs: 10,
    durability: 'interval',
    memoryBudgetBytes: writers * WRITER_BYTES,
  } as const;
  const session = new ModelSession(options);
  try {
    for (const table of tables) await session.createTable(table);
    await calls(session);
    await session.checkAll();
    await session.reopen(options);
  } finally {
    session.drop();
  }
}

export function appendAs(session: ModelSession, table: TableInfo, form: Form, rows: readonly Row[]): void {
  const model = session.tables.get(table.name)!;
  if (form === 'rows') session.appendRows(model, rows);
  else session.append(model, form, rows);
}

/** fast-check's parameters: another seed each time, unless MODEL_SEED repeats one that failed. */
function parameters(t: TestContext, runs: number) {
  const seed = Number(process.env['MODEL_SEED'] ?? Date.now() | 0);
  const numRuns = Number(process.env['MODEL_RUNS'] ?? runs);
  t.diagnostic(`MODEL_SEED=${seed} MODEL_RUNS=${numRuns}`);
  return { seed, numRuns, includeErrorInReport: true };
}
