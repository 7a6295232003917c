import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Table as ArrowTable, RecordBatch } from 'apache-arrow';
import { NanoTsDbShared, type Rows, type SqlColumns, type SqlRow, type Table } from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';

/*
 * What a user may rely on at compile time. `tsc -b` is the test: a line below `@ts-expect-error` that compiles is an error,
 * and so is a type that is not exactly the expected one.
 */

/** Fails to compile unless the two types are one and the same; `any` equals only itself. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
function same<A, B>(_: Same<A, B>): void {}

const COLUMNS = [
  'plain',
  { name: 'f32', type: 'f32' },
  { name: 'i64', type: 'i64' },
  { name: 'i32', type: 'i32' },
  { name: 'bool', type: 'bool' },
  { name: 'utf8', type: 'utf8' },
  { name: 'bytes', type: 'bytes' },
] as const;

type Machine = Table<typeof COLUMNS, 'ms'>;
type Counter = Table<readonly [{ readonly name: 'count'; readonly type: 'i64' }], 'us'>;

/** Never called: only compiled. */
export async function sqlAndArrow(db: NanoTsDbShared, machine: Machine): Promise<void> {
  same<Awaited<ReturnType<typeof machine.queryArrow>>, ArrowTable>(true);
  for await (const batch of machine.scanArrow({ columns: ['f32'], batchRows: 10 }))
    same<typeof batch, RecordBatch>(true);
  // @ts-expect-error: there is no such column
  await machine.queryArrow({ columns: ['nope'] });
  const rows = await db.sql('SELECT 1', [1, 2n, 'x', null, true, new Date(), new Uint8Array(1)]);
  same<typeof rows, SqlRow[]>(true);
  const columns = await db.sql('SELECT $a', { a: 1 }, { format: 'columns' });
  same<typeof columns, SqlColumns>(true);
  const table = await db.sql('SELECT 1', [], { format: 'arrow', times: 'bigint' });
  same<typeof table, ArrowTable>(true);
  for await (const batch of db.sqlStream('SELECT 1', [], { format: 'arrow' }))
    same<typeof batch, RecordBatch>(true);
  // @ts-expect-error: a parameter is no object
  await db.sql('SELECT ?', [{}]);
  // @ts-expect-error: there is no such format
  await db.sql('SELECT 1', [], { format: 'csv' });
}

/** Never called: only compiled. */
export async function compiled(db: NanoTsDbShared, machine: Machine, counter: Counter): Promise<void> {
  // createTable: the types of the columns need no `as const`.
  const made = await db.createTable('t', ['a', { name: 'b', type: 'utf8' }]);
  same<(typeof made)['unit'], 'ms'>(true);
  made.appendRow(1, [1, 'x']);
  // @ts-expect-error: the second column is utf8
  made.appendRow(1, [1, 2]);
  const inUs = db.createTableSync('t', ['a'], { unit: 'us' });
  same<(typeof inUs)['unit'], 'us'>(true);
  // @ts-expect-error: there is no such type
  await db.createTable('t', [{ name: 'a', type: 'f16' }]);
  // @ts-expect-error: there is no such unit
  await db.createTable('t', ['a'], { unit: 's' });
  // @ts-expect-error: a table has columns
  await db.createTable('t');

  // appendRow
  machine.appendRow(1, [1, 2, 3n, 4, true, 'x', new Uint8Array(1)]);
  machine.appendRow(1n, [null, null, null, null, null, null, null]);
  machine.appendRow(1, [1, 2, 3, 4, 0, 'x', Buffer.from('x')]);
  // rowAppender
  const appendB = made.rowAppender();
  appendB(1, 1, 'x');
  appendB(1n, null, null);
  // @ts-expect-error: the second column is utf8
  appendB(1, 1, 2);
  // @ts-expect-error: too few values
  appendB(1, 1);
  // @ts-expect-error: too many values
  appendB(1, 1, 'x', 2);
  // @ts-expect-error: too few values
  machine.appendRow(1, [1, 2, 3n, 4, true, 'x']);
  // @ts-expect-error: too many values
  machine.appendRow(1, [1, 2, 3n, 4, true, 'x', new Uint8Array(1), 8]);
  // @ts-expect-error: a string for an f64
  machine.appendRow(1, ['1', 2, 3n, 4, true, 'x', new Uint8Array(1)]);
  // @ts-expect-error: undefined is no null
  machine.appendRow(1, [undefined, 2, 3n, 4, true, 'x', new Uint8Array(1)]);
  // @ts-expect-error: a bool is true, false, 1 or 0
  machine.appendRow(1, [1, 2, 3n, 4, 2, 'x', new Uint8Array(1)]);
  // @ts-expect-error: a bigint for an i32
  machine.appendRow(1, [1, 2, 3n, 4n, true, 'x', new Uint8Array(1)]);
  // @ts-expect-error: a Date is no timestamp
  machine.appendRow(new Date(), [1, 2, 3n, 4, true, 'x', new Uint8Array(1)]);
  counter.appendRow(1n, [1n]);
  // @ts-expect-error: us tables take bigints
  counter.appendRow(1, [1n]);

  // append
  counter.append({ ts: new BigInt64Array(1), columns: { count: new BigInt64Array(1) } });
  counter.append({ ts: [1n], columns: { count: [1, 2n, null] }, validity: { count: new Uint8Array(1) } });
  machine.append(await machine.query());
  // @ts-expect-error: us tables take bigints
  counter.append({ ts: [1], columns: { count: [1n] } });
  // @ts-expect-error: us tables take no numbers in a typed array either
  counter.append({ ts: new Float64Array(1), columns: { count: [1n] } });
  // @ts-expect-error: another array than the column's
  counter.append({ ts: [1n], columns: { count: new Float64Array(1) } });
  // @ts-expect-error: an unknown column
  counter.append({ ts: [1n], columns: { count: [1n], size: [1] } });
  // @ts-expect-error: a column is missing
  counter.append({ ts: [1n], columns: {} });
  // @ts-expect-error: a bitmap of an unknown column
  counter.append({ ts: [1n], columns: { count: [1n] }, validity: { size: new Uint8Array(1) } });

  // query
  const all = await machine.query();
  same<(typeof all)['ts'], Float64Array>(true);
  same<(typeof all.columns)['plain'], Float64Array>(true);
  same<(typeof all.columns)['f32'], Float32Array>(true);
  same<(typeof all.columns)['i64'], BigInt64Array>(true);
  same<(typeof all.columns)['i32'], Int32Array>(true);
  same<(typeof all.columns)['bool'], Uint8Array>(true);
  same<(typeof all.columns)['utf8'], string[]>(true);
  same<(typeof all.columns)['bytes'], Uint8Array[]>(true);
  // @ts-expect-error: a column may have no bitmap
  all.validity.plain[0];
  // @ts-expect-error: there is no such column
  all.columns.size;
  const some = await machine.query({ columns: ['utf8', 'i64'], from: 1, to: 2n, limit: 5, order: 'desc' });
  same<keyof typeof some.columns, 'utf8' | 'i64'>(true);
  // @ts-expect-error: the column was not asked for
  some.columns.plain;
  const untimed = await machine.query({ columns: ['plain'], ts: false });
  same<(typeof untimed.columns)['plain'], Float64Array>(true);
  // @ts-expect-error: the timestamps were not asked for
  untimed.ts;
  const timed = await machine.query({ columns: ['plain'], ts: true });
  same<(typeof timed)['ts'], Float64Array>(true);
  for await (const part of machine.scan({ ts: false })) {
    // @ts-expect-error: the timestamps were not asked for
    part.ts;
  }
  const counted = await counter.query({ from: 1n });
  same<(typeof counted)['ts'], BigInt64Array>(true);
  // @ts-expect-error: us tables take bigints
  await counter.query({ from: 1 });
  // @ts-expect-error: there is no such column
  await machine.query({ columns: ['size'] });
  // @ts-expect-error: there is no such option
  await machine.query({ form: 1 });
  // @ts-expect-error: there is no such order
  await machine.query({ order: 'ascending' });

  // where
  await machine.query({
    where: [
      { column: 'utf8', op: '=', value: 'x' },
      { column: 'plain', op: 'is null' },
    ],
  });
  // @ts-expect-error: a number for a string
  await machine.query({ where: [{ column: 'utf8', op: '=', value: 1 }] });
  // @ts-expect-error: a comparison needs a value
  await machine.query({ where: [{ column: 'utf8', op: '=' }] });
  // @ts-expect-error: there is no such column
  await machine.query({ where: [{ column: 'size', op: 'is null' }] });
  // @ts-expect-error: there is no such operator
  await machine.query({ where: [{ column: 'plain', op: '==', value: 1 }] });

  // aggregate
  const buckets = await machine.aggregate({
    every: '15m',
    timeZone: 'Europe/Berlin',
    columns: { plain: ['mean', 'max'], i64: ['max', 'sum'], utf8: ['last', 'count'], f32: ['first'] },
  });
  same<(typeof buckets)['ts'], Float64Array>(true);
  same<keyof typeof buckets.columns, 'plain' | 'i64' | 'utf8' | 'f32'>(true);
  same<typeof buckets.columns.plain, { readonly mean: Float64Array; readonly max: Float64Array }>(true);
  same<typeof buckets.columns.i64, { readonly max: BigInt64Array; readonly sum: Float64Array }>(true);
  same<typeof buckets.columns.utf8, { readonly last: string[]; readonly count: Float64Array }>(true);
  same<typeof buckets.columns.f32.first, Float32Array>(true);
  // @ts-expect-error: a column may have no bitmap
  buckets.validity.plain[0];
  // @ts-expect-error: the aggregate was not asked for
  buckets.columns.plain.min;
  // @ts-expect-error: strings have no mean
  await machine.aggregate({ every: '15m', columns: { utf8: ['mean'] } });
  // @ts-expect-error: there is no such aggregate
  await machine.aggregate({ every: '15m', columns: { plain: ['median'] } });
  // @ts-expect-error: there is no such column
  await machine.aggregate({ every: '15m', columns: { size: ['mean'] } });
  // @ts-expect-error: a step has a unit
  await machine.aggregate({ every: '15', columns: { plain: ['mean'] } });
  // @ts-expect-error: a step must be given
  await machine.aggregate({ columns: { plain: ['mean'] } });
  // @ts-expect-error: us tables take bigints
  await counter.aggregate({ every: '1s', from: 1, columns: { count: ['sum'] } });
  const counts = await counter.aggregate({ every: 1000, columns: { count: ['min'] } });
  same<(typeof counts)['ts'], BigInt64Array>(true);
  same<typeof counts.columns.count.min, BigInt64Array>(true);
  const both = await db.aggregate({ tables: ['a', 'b'], every: '1h', columns: { x: ['mean', 'max'] } });
  same<keyof typeof both, 'a' | 'b'>(true);
  same<typeof both.a.columns.x.mean, Float64Array>(true);
  // @ts-expect-error: the table was not asked for
  both.c;

  // scan, timeRange
  for await (const batch of machine.scan({ columns: ['bool'], batchRows: 10 })) {
    same<keyof typeof batch.columns, 'bool'>(true);
    same<(typeof batch.columns)['bool'], Uint8Array>(true);
    same<(typeof batch)['ts'], Float64Array>(true);
  }
  // @ts-expect-error: only a scan has batches
  await machine.query({ batchRows: 10 });
  const span = await counter.timeRange();
  same<typeof span, { readonly from: bigint; readonly to: bigint } | null>(true);
  same<NonNullable<typeof span>['from'], bigint>(true);
  same<NonNullable<Awaited<ReturnType<Machine['timeRange']>>>['from'], number>(true);

  // A table by its name has columns that only the program knows.
  const unknown = db.table('t');
  unknown.appendRow(1, [1, 'x', null]);
  const rows: Rows = await unknown.query();
  same<(typeof rows)['ts'], Float64Array | BigInt64Array>(true);
}

test('what the types say of a table is what it does', async () => {
  const db = NanoTsDbShared.over(new InlineEngine());
  const table: Machine = await db.createTable('t', COLUMNS);
  table.appendRow(1, [1, 2, 3n, 4, true, 'x', Uint8Array.of(5)]);
  const { columns } = await table.query({ columns: ['utf8', 'i64'] });
  assert.deepEqual(columns, { utf8: ['x'], i64: BigInt64Array.of(3n) });
  await db.close();
});
