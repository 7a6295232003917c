import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { NanoTsDbShared } from '../../../src/main/index.ts';
import { ingestFile } from '../../../src/main/ingest/ingest-file.ts';
import { isPresent } from '../../../src/main/ingest/validity.ts';
import { InlineEngine } from '../../support/inline-engine.ts';
import { tempDir } from '../ingest/temp-dir.ts';

const golden = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/main/arrow/golden/${name}`, import.meta.url));

const LONG = 'a text that is longer than a view holds in itself';
const TEXTS = ['a', null, '', LONG, 'ü😀'];
const BYTES = ['61', null, '', Buffer.from(LONG).toString('hex'), '00ff'];

/** What write_golden.py put into the files, by column: type, then values. */
const EXPECTED: Readonly<Record<string, readonly [string, readonly unknown[]]>> = {
  int8: ['i32', [1, null, -128, 4, 127]],
  int16: ['i32', [1, null, -32768, 4, 32767]],
  int32: ['i32', [1, null, -(2 ** 31), 4, 2 ** 31 - 1]],
  int64: ['i64', [1n, null, -(2n ** 63n), 4n, 2n ** 63n - 1n]],
  uint8: ['i32', [1, null, 255, 4, 5]],
  uint16: ['i32', [1, null, 65535, 4, 5]],
  uint32: ['i64', [1n, null, 2n ** 32n - 1n, 4n, 5n]],
  uint64: ['i64', [1n, null, 2n ** 63n - 1n, 4n, 5n]],
  float16: ['f32', [1.5, -0, 65504, 2 ** -24, Number.POSITIVE_INFINITY]],
  float32: ['f32', [1.5, null, -0, 2 ** -149, Number.NEGATIVE_INFINITY]],
  float64: ['f64', [0.1, null, -0, 5e-324, Number.POSITIVE_INFINITY]],
  bool: ['bool', [1, null, 0, 1, 1]],
  utf8: ['utf8', TEXTS],
  large_utf8: ['utf8', TEXTS],
  utf8_view: ['utf8', TEXTS],
  binary: ['bytes', BYTES],
  large_binary: ['bytes', BYTES],
  binary_view: ['bytes', BYTES],
  fixed: ['bytes', ['616263', null, '78797a', '000102', '313233']],
  dictionary: ['utf8', ['on', null, 'off', 'on', 'on']],
  numbers: ['i64', [7n, null, 8n, 7n, 9n]],
  date: ['i64', [86_400_000_000n, null, -86_400_000_000n, 4n * 86_400_000_000n, 5n * 86_400_000_000n]],
  time: ['i64', [1000n, null, -1000n, 4000n, 5000n]],
  null: ['f64', [null, null, null, null, null]],
};

async function ingested(file: string, options = {}) {
  const db = NanoTsDbShared.over(new InlineEngine());
  const result = await ingestFile(db, file, { table: 't', ...options });
  const rows = await db.table('t').query();
  const columns = Object.fromEntries(
    db.schema('t').columns.map(({ name, type }) => [
      name,
      [
        type,
        Array.from(rows.columns[name] as ArrayLike<unknown>, (value, row) => {
          if (!isPresent(rows.validity[name], row)) return null;
          return value instanceof Uint8Array ? Buffer.from(value).toString('hex') : value;
        }),
      ],
    ]),
  );
  await db.close();
  return { result, ts: [...rows.ts], columns };
}

describe('Arrow files that pyarrow wrote are ingested with every type and its nulls', () => {
  for (const name of [
    'pyarrow.arrow',
    'pyarrow.arrows',
    'pyarrow-lz4.arrows',
    'pyarrow-zstd.arrow',
    'pyarrow.feather',
  ]) {
    it(name, async () => {
      const { result, ts, columns } = await ingested(golden(name));
      assert.equal(result.format, 'arrow');
      assert.equal(result.unit, 'us');
      assert.equal(result.inputBytes > 0, true);
      assert.deepEqual(ts, [1n, 2n, 3n, 4n, 5n]);
      assert.deepEqual(columns, EXPECTED);
    });
  }
});

describe('Arrow files that polars wrote are ingested', () => {
  for (const name of ['polars.arrow', 'polars.arrows']) {
    it(name, async () => {
      const { ts, columns } = await ingested(golden(name));
      assert.deepEqual(ts, [1n, 2n, 3n]);
      assert.deepEqual(columns, {
        text: ['utf8', ['a', null, LONG]],
        category: ['utf8', ['x', null, 'y']],
        number: ['f64', [1.5, null, -0]],
        blob: ['bytes', ['00', null, '']],
        flag: ['bool', [1, null, 0]],
      });
    });
  }
});

describe('an Arrow file', () => {
  it('goes on with a table that is there, and takes its types', async () => {
    const options = { columns: ['int8', 'utf8'], types: { int8: 'f64' } };
    const { columns } = await ingested(golden('pyarrow.arrow'), options);
    assert.deepEqual(columns, { int8: ['f64', [1, null, -128, 4, 127]], utf8: ['utf8', TEXTS] });
  });

  it('may have its time in any column, its digits cut where the unit is coarser', async () => {
    const { result, ts } = await ingested(golden('pyarrow.arrow'), {
      ts: 'int64',
      timeFormat: 'ns',
      unit: 'us',
      columns: ['bool'],
    }).then(
      () => assert.fail('a row has no time'),
      (error) => ({ result: error, ts: [] as unknown[] }),
    );
    assert.equal(result.code, 'BAD_INPUT_FILE');
    assert.match(result.message, /row 2, column "int64": there is no time;.*the 1 row before it/);
    assert.deepEqual(ts, []);
    const cut = await ingested(golden('pyarrow.arrow'), { unit: 'ms', columns: ['bool'] });
    assert.equal(cut.result.cutTimestamps, 5);
  });

  it('makes a table for each value of a column', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const file = golden('pyarrow.arrow');
    const whole = { columns: ['bool', 'numbers'], tableBy: 'fixed' };
    await assert.rejects(ingestFile(db, file, whole), /row 2, column "fixed": there is no name of a table/);
    await ingestFile(db, golden('polars.arrow'), { tableBy: 'text', columns: ['flag'] }).catch(() => {});
    assert.ok(db.hasTable('a'));
    await db.close();
  });

  it('that is cut off, or none at all, is named with what is wrong', async () => {
    const { readFileSync } = await import('node:fs');
    const dir = tempDir();
    for (const name of ['pyarrow.arrow', 'pyarrow.arrows']) {
      const whole = readFileSync(golden(name));
      for (const share of [0.02, 0.3, 0.7, 0.95]) {
        const cut = dir.write(
          `cut-${share}-${name}`,
          whole.subarray(0, Math.floor(whole.length * share)) as never,
        );
        await assert.rejects(
          ingested(cut, { format: 'arrow' }),
          { code: 'BAD_INPUT_FILE' },
          `${name} ${share}`,
        );
      }
    }
    await assert.rejects(ingested(dir.write('x.arrow', 'no Arrow'), { format: 'arrow' }), {
      code: 'BAD_INPUT_FILE',
    });
  });
});
