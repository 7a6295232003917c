import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SchemaPool } from '../../../src/shared/schema/schema-pool.ts';
import type { ColumnType, TableDefinition } from '../../../src/shared/schema/types.ts';

function table(id: number, ...columns: [string, ColumnType][]): TableDefinition {
  const version = { version: 1, columns: columns.map(([name, type], i) => ({ id: i + 1, name, type })) };
  return { id, name: `t${id}`, unit: 'ms', versions: [version] };
}

test('tables of one schema share it, and keep their own ids and names', () => {
  const pool = new SchemaPool();
  const a = pool.share(table(1, ['x', 'f64'], ['y', 'utf8']));
  const b = pool.share(table(2, ['x', 'f64'], ['y', 'utf8']));
  assert.equal(b.versions, a.versions);
  assert.deepEqual(b, table(2, ['x', 'f64'], ['y', 'utf8']));
});

test('schemas that differ in anything are not shared', () => {
  const pool = new SchemaPool();
  const others = [
    table(2, ['x', 'f64'], ['y', 'bytes']),
    table(3, ['x', 'f64'], ['z', 'utf8']),
    table(4, ['y', 'utf8'], ['x', 'f64']),
    table(5, ['x', 'f64']),
    // The same letters and the same hash: 31 × 'A' + 'a' = 31 × 'B' + 'B'.
    table(6, ['Aa', 'f64']),
    table(7, ['BB', 'f64']),
  ];
  pool.share(table(1, ['x', 'f64'], ['y', 'utf8']));
  for (const other of others) assert.deepEqual(pool.share(other), other);
});
