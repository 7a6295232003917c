import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TableInfo } from '../../src/main/index.ts';
import { randomRows } from '../support/model-values.ts';
import { appendAs, batchesAreKept, FIXED, largeValuesAreKept, MIB, withTables } from './model-properties.ts';

test('batches of any size up to 5,000 rows are kept whole and in order, before and after reopening', (t) =>
  batchesAreKept(t, 25));

test('values of up to 1 MiB, several in a row, are taken at any moment and come back', (t) =>
  largeValuesAreKept(t, 25));

// A large chunk needs memory in one piece. Were the pieces of small chunks not put together again, its producer would wait
// for ever.
test('a row as large as a row may be is taken after the memory was cut into small chunks', async () => {
  const eight: TableInfo = {
    name: 'eight',
    unit: 'ms',
    columns: Array.from({ length: 8 }, (_, i) => ({ name: `c${i}`, type: 'utf8' })),
  };
  const narrow = Array.from({ length: 200 }, (_, i): TableInfo => ({ ...FIXED, name: `narrow ${i}` }));
  await withTables(1, [eight, ...narrow], async (session) => {
    // Each table fills chunks of its own, until there is no memory that was never used.
    const rows = randomRows(1, 1500, 'ms', ['f64', 'f32', 'i64']);
    for (const table of narrow) for (let i = 0; i < 4; i++) appendAs(session, table, 'typed', rows);
    const { budgetBytes, slabBytes } = (await session.db.stats()).memory;
    assert.ok(slabBytes >= budgetBytes - MIB, `${slabBytes} bytes of ${budgetBytes} are cut`);
    for (let i = 0; i < 3; i++) {
      const cells = eight.columns.map((_, column) => String.fromCharCode(97 + column + i).repeat(MIB));
      appendAs(session, eight, 'rows', [{ ts: BigInt(i), cells }]);
    }
  });
});

test('rows that come faster than they are written are taken; append says so, and drained waits for the writers', async () => {
  const table: TableInfo = { name: 't', unit: 'ms', columns: [{ name: 'raw', type: 'bytes' }] };
  await withTables(1, [table], async (session) => {
    const model = session.tables.get('t')!;
    const handle = session.table(model);
    const append = (): boolean => {
      const i = model.rows.length;
      session.appended(model, [{ ts: BigInt(i), cells: [String.fromCharCode(i % 256).repeat(64 * 1024)] }]);
      return handle.appendRow(i, [new Uint8Array(64 * 1024).fill(i % 256)] as never);
    };
    for (let round = 0; round < 2; round++) {
      const from = model.rows.length;
      assert.ok(append());
      while (append()) assert.ok(model.rows.length - from < 512, 'said before the memory of 32 MiB is full');
      await session.db.drained();
      assert.ok(append(), 'at full speed again');
    }
    // More than the memory holds, whatever append says.
    for (let i = 0; i < 1500; i++) append();
  });
});
