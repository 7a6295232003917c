import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NanoTsDbShared, type Table } from '../../src/main/index.ts';
import { InlineEngine, newFile } from '../support/inline-engine.ts';

const COLUMNS = ['a', 'b'] as const;
type Append = (table: Table<typeof COLUMNS, 'ms'>) => void;

/** Each way in which rows of −0 and 1 ms can be appended. */
const WAYS: Readonly<Record<string, Append>> = {
  appendRow: (table) => {
    table.appendRow(-0, [-0, 1]);
    table.appendRow(1, [2, 3]);
  },
  'appendRow of a row with a null': (table) => {
    table.appendRow(-0, [null, 1]);
    table.appendRow(1, [2, 3]);
  },
  rowAppender: (table) => {
    const append = table.rowAppender();
    append(-0, -0, 1);
    append(1, 2, 3);
  },
  'a batch of a Float64Array': (table) => {
    table.append({ ts: Float64Array.of(-0, 1), columns: { a: [-0, 2], b: [1, 3] } });
  },
  'a batch of an array': (table) => {
    table.append({ ts: [-0, 1], columns: { a: [-0, 2], b: [1, 3] } });
  },
};

for (const [name, append] of Object.entries(WAYS)) {
  test(`${name}: a time of −0 is 0, in memory and in the file`, async () => {
    const db = NanoTsDbShared.over(new InlineEngine({ file: newFile(), writers: 1 }));
    const table = db.createTableSync('t', COLUMNS);
    append(table);
    // Strict: it tells −0 from 0.
    assert.deepStrictEqual([...(await table.query()).ts], [0, 1]);
    await db.flush();
    assert.deepStrictEqual([...(await table.query()).ts], [0, 1]);
    await db.close();
  });
}
