import fc from 'fast-check';
import type { TableInfo } from '../../src/main/index.ts';
import type { MaintenanceOptions } from '../../src/shared/control/maintenance.ts';
import type { BatchForm } from '../support/model-batch.ts';
import type { Crash, SessionOptions } from '../support/model-session.ts';
import type { Op } from '../support/model-table.ts';

/** The series that `appendValue` writes. */
export const SERIES: TableInfo = { name: 'series', unit: 'ms', columns: [{ name: 'value', type: 'f64' }] };

/** Between them every type in every unit, a narrow and a wide one, and names that JS objects have a meaning for. */
export const TABLES: readonly TableInfo[] = [
  {
    name: 'all types',
    unit: 'ms',
    columns: [
      { name: 'f64', type: 'f64' },
      { name: 'f32', type: 'f32' },
      { name: 'i64', type: 'i64' },
      { name: 'i32', type: 'i32' },
      { name: 'bool', type: 'bool' },
      { name: 'utf8', type: 'utf8' },
      { name: 'bytes', type: 'bytes' },
    ],
  },
  {
    name: 'microseconds',
    unit: 'us',
    columns: [
      { name: 'constructor', type: 'i64' },
      { name: '__proto__', type: 'f64' },
      { name: 'name', type: 'utf8' },
      { name: 'flag', type: 'bool' },
    ],
  },
  {
    name: 'Nanosekunden für Fließband 7',
    unit: 'ns',
    columns: [
      { name: 'größe', type: 'f32' },
      { name: 'raw', type: 'bytes' },
      { name: 'more raw', type: 'bytes' },
      { name: 'count', type: 'i32' },
    ],
  },
  {
    name: 'wide',
    unit: 'ms',
    columns: Array.from({ length: 40 }, (_, i) => ({ name: `c${i}`, type: i % 5 === 0 ? 'i64' : 'f64' })),
  },
  SERIES,
];

export interface Where {
  readonly column: number;
  readonly op: Op;
  /** Which row the value is of, or another seed's value. */
  readonly row: number;
}

export interface Query {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly columns: readonly number[] | undefined;
  readonly where: readonly Where[];
  readonly limit: number | undefined;
  readonly order: 'asc' | 'desc' | undefined;
}

export type Command =
  | { readonly do: 'createTable'; readonly table: number }
  | { readonly do: 'appendRow'; readonly table: number; readonly rows: number; readonly seed: number }
  | {
      readonly do: 'append';
      readonly table: number;
      readonly rows: number;
      readonly seed: number;
      readonly form: BatchForm;
    }
  | { readonly do: 'appendValue'; readonly rows: number; readonly seed: number }
  | { readonly do: 'turn'; readonly turns: number }
  | { readonly do: 'sync' | 'flush' | 'drained' | 'compare everything' | 'endScan' }
  | ({ readonly do: 'query'; readonly table: number } & Query)
  | ({ readonly do: 'startScan'; readonly table: number; readonly batchRows: number } & Query)
  | { readonly do: 'goOnWithScan'; readonly batches: number }
  | {
      readonly do: 'queryTableRangeColumns';
      readonly table: number;
      readonly from: number;
      readonly to: number;
    }
  | { readonly do: 'timeRange' | 'lastSeq'; readonly table: number }
  | { readonly do: 'reopen'; readonly options: SessionOptions }
  | { readonly do: 'pack'; readonly target: number | undefined }
  | { readonly do: 'retain'; readonly row: number }
  | { readonly do: 'killWriter'; readonly steps: number }
  | { readonly do: 'crash'; readonly crash: Crash; readonly options: SessionOptions };

const seed = fc.integer();
const table = fc.nat(TABLES.length - 1);
/** Mostly few rows, now and then more than a chunk of any capacity holds. */
const rows = fc.oneof(
  { weight: 6, arbitrary: fc.nat(40) },
  { weight: 3, arbitrary: fc.nat(300) },
  { weight: 1, arbitrary: fc.integer({ min: 1000, max: 1300 }) },
);
const options: fc.Arbitrary<SessionOptions> = fc.record({
  writers: fc.integer({ min: 1, max: 3 }),
  commitIntervalMs: fc.constantFrom(1, 3, 10, 50),
  durability: fc.constantFrom('interval', 'interval', 'interval', 'always', 'none'),
});
const crash: fc.Arbitrary<Crash> = fc.record({
  kind: fc.constantFrom('process', 'power', 'torn'),
  during: fc.constantFrom('nothing', 'nothing', 'sync', 'flush', 'pack', 'close'),
  writes: fc.nat(30),
  losing: fc.option(fc.constantFrom(0, 1), { nil: undefined, freq: 5 }),
  seed,
});
const where: fc.Arbitrary<Where> = fc.record({
  column: fc.nat(),
  op: fc.constantFrom('=', '!=', '<', '<=', '>', '>=', 'is null', 'is not null'),
  row: fc.nat(2000),
});
const bound = fc.option(fc.nat(2000), { nil: undefined });
const queryParts = {
  table,
  from: bound,
  to: bound,
  columns: fc.option(fc.uniqueArray(fc.nat(6), { maxLength: 4 }), { nil: undefined }),
  where: fc.array(where, { maxLength: 2, depthIdentifier: 'where', size: 'small' }),
  limit: fc.option(fc.nat(500), { nil: undefined }),
  order: fc.constantFrom(undefined, 'asc', 'desc') as fc.Arbitrary<'asc' | 'desc' | undefined>,
};

/** Small segments, so that few rows make several. */
const pack = fc.record({
  do: fc.constant('pack' as const),
  target: fc.option(fc.constantFrom(64, 100, 500), { nil: undefined }),
});

const calls: { weight: number; arbitrary: fc.Arbitrary<Command> }[] = [
  { weight: 4, arbitrary: fc.record({ do: fc.constant('createTable'), table }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('appendRow'), table, rows: fc.nat(60), seed }) },
  {
    weight: 8,
    arbitrary: fc.record({
      do: fc.constant('append'),
      table,
      rows,
      seed,
      form: fc.constantFrom<BatchForm>('typed', 'plain', 'arrow batch', 'arrow table'),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('appendValue'), rows: fc.nat(30), seed }) },
  { weight: 6, arbitrary: fc.record({ do: fc.constant('turn'), turns: fc.integer({ min: 1, max: 40 }) }) },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constantFrom('sync', 'sync', 'flush', 'flush', 'drained', 'endScan') }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('compare everything') }) },
  { weight: 8, arbitrary: fc.record({ do: fc.constant('query'), ...queryParts }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constant('startScan'),
      ...queryParts,
      batchRows: fc.integer({ min: 1, max: 90 }),
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('goOnWithScan'), batches: fc.integer({ min: 1, max: 9 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('queryTableRangeColumns'),
      table,
      from: fc.nat(2000),
      to: fc.nat(2000),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom('timeRange', 'lastSeq'), table }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('killWriter'), steps: fc.nat(30) }) },
  { weight: 3, arbitrary: pack },
];
const command = fc.oneof(
  ...calls,
  { weight: 1, arbitrary: fc.record({ do: fc.constant('reopen'), options }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('crash'), crash, options }) },
);

/** Maintenance that runs whenever it can, with segments of every size. */
const eager: fc.Arbitrary<MaintenanceOptions> = fc.record({
  auto: fc.constant(true),
  checkIntervalMs: fc.constantFrom(1, 20),
  retentionCheckIntervalMs: fc.constant(60_000),
  targetSegmentPoints: fc.constantFrom(64, 300, 8192),
  maxWritesPerSec: fc.constant(Number.MAX_SAFE_INTEGER),
  writeLoadWindowMs: fc.constant(5000),
  minIdleMs: fc.constant(0),
  maxSegmentsPerPack: fc.constantFrom(2, 5, 64),
  walTargetRatio: fc.constant(2),
  walMinBytes: fc.constant(0),
});
const maintained = fc
  .record({ options, maintenance: fc.option(eager, { nil: undefined }) })
  .map(({ options: rest, maintenance }): SessionOptions => ({ ...rest, maintenance }));
// Without crashes: what one leaves of expired rows is not for this model to say.
const between = fc.oneof(
  ...calls,
  { weight: 6, arbitrary: pack },
  { weight: 4, arbitrary: fc.record({ do: fc.constant('retain' as const), row: fc.nat(2000) }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant('reopen' as const), options: maintained }) },
);

/** Sequences with maintenance between: packs, retention and maintenance by itself, over two tables and more. */
export function maintainedScenarios(
  most: number,
): fc.Arbitrary<{ first: SessionOptions; commands: Command[] }> {
  const create = fc.uniqueArray(table, { minLength: 2, maxLength: 4 });
  return fc
    .record({ first: maintained, create, rest: fc.array(between, { maxLength: most, size: 'max' }) })
    .map(({ first, create: made, rest }) => ({
      first,
      commands: [...made.map((id) => ({ do: 'createTable' as const, table: id })), ...rest],
    }));
}

/** Sequences of up to `most` commands, and how the database is opened first. */
export function scenarios(most: number): fc.Arbitrary<{ first: SessionOptions; commands: Command[] }> {
  // Tables first: most of what could follow is nothing without one.
  const create = fc.record({ do: fc.constant('createTable' as const), table });
  const commands = fc
    .tuple(
      fc.array(create, { minLength: 1, maxLength: 3 }),
      fc.array(command, { maxLength: most, size: 'max' }),
    )
    .map(([first, rest]) => [...first, ...rest]);
  return fc.record({ first: options, commands });
}
