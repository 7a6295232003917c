import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ColumnSpec, NanoTsDbShared } from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';

const COLUMNS = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i'] as const;

const open = (): NanoTsDbShared => NanoTsDbShared.over(new InlineEngine());

/** What a call came to: what it returned, or the error's code. */
function outcome(call: () => boolean): unknown {
  try {
    return call();
  } catch (error) {
    return (error as { code: string }).code;
  }
}

const value = fc.oneof(
  { weight: 12, arbitrary: fc.double() },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(null, undefined, 'x', 1n, Number.NaN, -0, true) },
);
const time = fc.oneof(
  { weight: 12, arbitrary: fc.maxSafeInteger() },
  { weight: 1, arbitrary: fc.constantFrom<unknown>(1n, -0, 0.5, Number.NaN, 2 ** 53, null, '1') },
);
const rows = (arity: number) =>
  fc.array(
    fc.tuple(
      time,
      fc.oneof(
        { weight: 12, arbitrary: fc.array(value, { minLength: arity, maxLength: arity }) },
        { weight: 1, arbitrary: fc.array(value, { maxLength: arity + 2 }) },
      ),
    ),
    { maxLength: 100 },
  );

for (const arity of COLUMNS.map((_, i) => i + 1)) {
  test(`with ${arity} f64 columns a row appender takes and refuses the rows that appendRow does`, async () => {
    await fc.assert(
      fc.asyncProperty(rows(arity), async (all) => {
        const db = open();
        const specs: ColumnSpec[] = COLUMNS.slice(0, arity);
        const [one, other] = [await db.createTable('one', specs), await db.createTable('other', specs)];
        const append = one.rowAppender() as (...row: unknown[]) => boolean;
        for (const [ts, values] of all) {
          assert.deepEqual(
            outcome(() => append(ts, ...values)),
            outcome(() => other.appendRow(ts as number, values as number[])),
          );
        }
        assert.deepEqual(await one.query(), await other.query());
        await db.close();
      }),
      { numRuns: 30 },
    );
  });
}

test('a row appender takes rows of any columns', async () => {
  const db = open();
  const table = await db.createTable('t', [{ name: 'n', type: 'i64' }, { name: 's', type: 'utf8' }, 'x'], {
    unit: 'ns',
  });
  const append = table.rowAppender();
  append(1n, 2n, 'three', 4);
  append(2n, null, null, null);
  assert.throws(() => append(3n, 2n, 4 as never, 4), { code: 'WRONG_TYPE' });
  assert.throws(() => (append as (...row: unknown[]) => void)(3n, 2n, 'three'), { code: 'WRONG_ARITY' });
  const { rowCount, columns } = await table.query();
  assert.equal(rowCount, 2);
  assert.deepEqual(columns.s, ['three', '']);
  assert.deepEqual([...columns.n], [2n, 0n]);
  await db.close();
});

test('a row appender and appendRow of one table may take turns, across chunks, and with one of an older version', async () => {
  const db = open();
  const old = await db.createTable('t', ['x']);
  const fromOld = old.rowAppender();
  const table = await old.addColumn('y');
  const append = table.rowAppender();
  for (let i = 0; i < 5000; i += 4) {
    fromOld(i, i);
    append(i + 1, i + 1, 0.5);
    table.appendRow(i + 2, [i + 2, null]);
    append(i + 3, i + 3, 0.5);
  }
  const { ts, columns } = (await table.query()) as unknown as {
    ts: Float64Array;
    columns: { x: Float64Array };
  };
  assert.deepEqual(
    [...ts],
    Array.from({ length: 5000 }, (_, i) => i),
  );
  assert.deepEqual(columns.x, ts);
  await db.close();
});

test('a row appender of a closed database throws CLOSED', async () => {
  const db = open();
  const append = (await db.createTable('t', ['x'])).rowAppender();
  append(1, 1);
  await db.close();
  assert.throws(() => append(2, 2), { code: 'CLOSED' });
});

test('a time of −0 is one of 0, in a batch as in a row', async () => {
  const db = open();
  const table = await db.createTable('t', ['x']);
  table.append({ ts: Float64Array.of(-1, -0, -0, 1), columns: { x: Float64Array.of(1, 2, 3, 4) } });
  table.append({ ts: [-0], columns: { x: [5] } });
  table.appendRow(-0, [6]);
  table.rowAppender()(-0, 7);
  const { ts, columns } = await table.query();
  assert.deepEqual([...ts], [-1, 0, 0, 0, 0, 0, 1]);
  assert.deepEqual([...columns.x], [1, 2, 3, 5, 6, 7, 4]);
  await db.close();
});
