import assert from 'node:assert/strict';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import fc from 'fast-check';
import { NanoTsDbShared, type Rows, type Table } from '../../src/main/index.ts';
import type { ScanPool } from '../../src/main/read/scan-pool.ts';
import { NEXT, STARTED } from '../../src/shared/read/scan-task.ts';
import type { TableDefinition } from '../../src/shared/schema/types.ts';
import { tempDir } from '../main/ingest/temp-dir.ts';
import { assertBuckets, type NaiveRow, naiveAggregate } from '../support/naive-aggregate.ts';
import { COLUMNS, pick, rowOf, TYPES } from './reading-rows.ts';

/** The pool that workers join scans through, and that says which scans they join. */
interface Inside {
  readonly core: {
    readonly definition: TableDefinition;
    readonly reader: { readonly pool: ScanPool };
  };
}
/** A worker that has taken nothing by then is not waited for any longer. */
const START_MS = 1000;

const NAMES: readonly string[] = TYPES;
const FIXED = NAMES.filter((name) => name !== 'utf8');
const columns = TYPES.map((type) => ({ name: type, type }));
const span = fc.option(fc.integer({ min: -5000, max: 450_000 }), { nil: undefined });

interface Condition {
  readonly column: string;
  readonly op: string;
  readonly value?: unknown;
}
const predicates = fc.array(
  fc.oneof<fc.Arbitrary<Condition>[]>(
    fc.record({
      column: fc.constantFrom('f64', 'i32'),
      op: fc.constantFrom('=', '!=', '<', '<=', '>', '>='),
      value: fc.integer({ min: -10, max: 10 }),
    }),
    fc.record({ column: fc.constantFrom(...NAMES), op: fc.constantFrom('is null', 'is not null') }),
  ),
  { maxLength: 2 },
);
const query = fc.record({
  kind: fc.constant('query' as const),
  from: span,
  to: span,
  // Mostly none: those without are the ones that workers share.
  where: fc.oneof(
    { weight: 2, arbitrary: fc.constant<Condition[]>([]) },
    { weight: 1, arbitrary: predicates },
  ),
  limit: fc.option(fc.nat(9000), { nil: undefined, freq: 2 }),
  order: fc.constantFrom('asc', 'desc'),
  columns: fc.oneof(
    { weight: 3, arbitrary: fc.subarray(FIXED) },
    { weight: 1, arbitrary: fc.subarray([...NAMES]) },
  ),
  ts: fc.boolean(),
});
const aggregate = fc.record({
  kind: fc.constant('aggregate' as const),
  from: span,
  to: span,
  every: fc.constantFrom('50ms', '777ms', '3s', '20s', '1m', '1d'),
  fillEmpty: fc.boolean(),
  hasEnds: fc.boolean(),
});
const step = fc.record({
  rows: fc.integer({ min: 1, max: 2500 }),
  isFlushed: fc.boolean(),
  /** Rows that a segment has of a pack that runs beside the reads; none: no pack. */
  target: fc.option(fc.integer({ min: 64, max: 3000 }), { nil: undefined, freq: 3 }),
  burst: fc.integer({ min: 0, max: 12 }),
  reads: fc.array(fc.oneof({ weight: 2, arbitrary: query }, { weight: 1, arbitrary: aggregate }), {
    minLength: 2,
    maxLength: 5,
  }),
});
const scenario = fc.record({
  seed: fc.integer(),
  cacheBytes: fc.constantFrom(0, 20_000, 32 << 20),
  steps: fc.array(step, { minLength: 2, maxLength: 5 }),
});

type Step = typeof step extends fc.Arbitrary<infer S> ? S : never;
type Read = Step['reads'][number];
type QueryRead = Extract<Read, { kind: 'query' }>;

/** A read that workers share whenever there are blocks apart from one another. */
const EVERYTHING: QueryRead = {
  kind: 'query',
  from: undefined,
  to: undefined,
  where: [],
  limit: undefined,
  order: 'asc',
  columns: FIXED as QueryRead['columns'],
  ts: true,
};

function fulfils(value: unknown, op: string, wanted: unknown): boolean {
  if (op === 'is null') return value === null;
  if (value === null) return false;
  if (op === 'is not null') return true;
  const [a, b] = [value as number, wanted as number];
  const answers: Readonly<Record<string, boolean>> = {
    '=': a === b,
    '!=': a !== b,
    '<': a < b,
    '<=': a <= b,
    '>': a > b,
    '>=': a >= b,
  };
  return answers[op]!;
}

/** What a query must give, by filtering and sorting. */
function naiveQuery(rows: readonly NaiveRow[], { from, to, where, limit, order }: QueryRead): NaiveRow[] {
  const wanted = rows.filter(
    ({ ts, values }) =>
      (from === undefined || ts >= from) &&
      (to === undefined || ts <= to) &&
      where.every((one) => fulfils(values[NAMES.indexOf(one.column)], one.op, one.value)),
  );
  wanted.sort((a, b) => Number(a.ts - b.ts));
  if (order === 'desc') wanted.reverse();
  return wanted.slice(0, limit);
}

/** The first difference between a result and the rows that it should have; undefined if there is none. */
function difference(given: Rows, expected: readonly NaiveRow[], wanted: readonly string[], hasTime: boolean) {
  if (given.rowCount !== expected.length) return `${given.rowCount} rows instead of ${expected.length}`;
  if (!hasTime && 'ts' in given) return 'timestamps that nobody wanted';
  if (Object.keys(given.columns).join() !== wanted.join()) return `columns ${Object.keys(given.columns)}`;
  const places = wanted.map((name) => NAMES.indexOf(name));
  for (const [i, { ts, values }] of expected.entries()) {
    if (hasTime && given.ts[i] !== Number(ts)) return `row ${i} has time ${given.ts[i]}, not ${ts}`;
    for (const [c, name] of wanted.entries()) {
      const bits = given.validity[name];
      const isNull = bits !== undefined && ((bits[i >> 3]! >> (i & 7)) & 1) === 0;
      const value = values[places[c]!];
      const found = isNull ? null : given.columns[name]![i];
      if (!Object.is(found, value)) return `${name} of row ${i} is ${String(found)}, not ${String(value)}`;
    }
  }
  return undefined;
}

/** Fails unless what was read is what one of the states gives that there were meanwhile. */
function assertOneOf(
  states: readonly (readonly NaiveRow[])[],
  check: (rows: readonly NaiveRow[]) => void,
): void {
  let first: unknown;
  for (const rows of states) {
    try {
      check(rows);
      return;
    } catch (error) {
      first ??= error;
    }
  }
  throw first;
}

async function run(table: Table, read: Read): Promise<(rows: readonly NaiveRow[]) => void> {
  if (read.kind === 'query') {
    const { kind, ...options } = read;
    const given = (await table.query(options as never)) as Rows;
    return (rows) =>
      assert.equal(
        difference(given, naiveQuery(rows, read), read.columns, read.ts),
        undefined,
        JSON.stringify(read),
      );
  }
  const { from, to, every, fillEmpty, hasEnds } = read;
  const of = hasEnds
    ? ['count', 'min', 'max', 'sum', 'first', 'last']
    : ['count', 'min', 'max', 'sum', 'mean'];
  const wanted = Object.fromEntries(NAMES.map((name) => [name, name === 'utf8' ? ['count'] : of]));
  const given = await table.aggregate({ from, to, every, fillEmpty, columns: wanted } as never);
  const [first, last] = [from, to].map((ts) => (ts === undefined ? undefined : BigInt(ts)));
  return (rows) => {
    const expected = naiveAggregate(rows, 'ms', columns, { from: first, to: last, every, fillEmpty });
    assertBuckets(given as never, expected);
  };
}

/**
 * Starts a worker, and lets a scan begin only when it has, if it has nothing else to do: else the caller is done with so few rows
 * before it wakes up. Tells of the blocks that workers read.
 */
async function waitForWorkers(
  { core }: Inside,
  definition: TableDefinition,
  onRead: (blocks: number) => void,
): Promise<void> {
  const { pool } = core.reader;
  const join = pool.join.bind(pool);
  const words = new Int32Array(new SharedArrayBuffer(4 * (STARTED + 1)));
  await join(
    {
      definition,
      columns: [],
      timeKind: 'f64',
      rows: 0,
      spans: [],
      memories: [new SharedArrayBuffer(0)],
      words,
    },
    0,
  );
  let running = 0;
  pool.join = async (task, worker) => {
    const isIdle = running++ === 0 && worker === 0;
    const part = join(task, worker);
    for (const end = performance.now() + START_MS; isIdle && performance.now() < end; ) {
      if (Atomics.load(task.words, NEXT) > 0) break;
    }
    try {
      const { read } = await part;
      onRead(read.reads);
      return await part;
    } finally {
      running--;
    }
  };
}

describe('reading', () => {
  const { path: folder } = tempDir();

  it('equals a naive one while writers append and pack runs, split over scan workers', async () => {
    let database = 0;
    let byWorkers = 0;
    await fc.assert(
      fc.asyncProperty(scenario, async ({ seed, cacheBytes, steps }) => {
        const path = join(folder, `${database++}.ntt`);
        const options = {
          writers: 2,
          commitIntervalMs: 1,
          readCacheBytes: cacheBytes,
          autoMaintenance: false,
        };
        const db = await NanoTsDbShared.open(path, options);
        const table = (await db.createTable('t', COLUMNS)) as unknown as Table;
        const inside = table as unknown as Inside;
        inside.core.reader.pool.sharedFrom = 0;
        await waitForWorkers(inside, inside.core.definition, (blocks) => (byWorkers += blocks));
        const workerData = { ticket: db.ticket(), seed };
        const other = new Worker(new URL('./reading-thread.js', import.meta.url), { workerData });
        try {
          const own: NaiveRow[] = [];
          const others: NaiveRow[] = [];
          for (const { rows, isFlushed, target, burst, reads } of steps) {
            for (let i = 0; i < rows; i++) {
              const row = rowOf(seed, 0, own.length);
              own.push(row);
              table.appendRow(Number(row.ts), row.values as never);
              // Chunks, and so blocks, end at other places than every 1,024 rows.
              if (pick(seed, own.length, 9, 400) === 0) await db.sync();
            }
            if (isFlushed) await db.flush();
            const packing = target === undefined ? undefined : db.packTable('t', target);
            packing?.catch(() => {});
            const before = others.length;
            for (let i = 0; i < burst; i++) others.push(rowOf(seed, 1, others.length));
            const synced = once(other, 'message');
            other.postMessage({ until: others.length });
            const checks = await Promise.all([EVERYTHING, ...reads].map((read) => run(table, read)));
            const states = Array.from({ length: burst + 1 }, (_, k) => [
              ...own,
              ...others.slice(0, before + k),
            ]);
            // Most likely it had appended all, or nothing.
            states.unshift(states.pop()!);
            for (const check of checks) assertOneOf(states, check);
            await synced;
            await packing;
          }
        } finally {
          await other.terminate();
          await db.close();
        }
      }),
      // Not made smaller: which rows are seen hangs on threads, and each try opens a database.
      { numRuns: 8, endOnFailure: true },
    );
    assert.ok(byWorkers > 0, 'workers took part');
  });
});
