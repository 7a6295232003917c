import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { type RecordBatch, tableFromIPC } from 'apache-arrow';
import { type ExportTable, exportTable } from '../../../src/main/export/export-table.ts';
import { OutputFile } from '../../../src/main/export/output-file.ts';
import { NanoTsDbShared } from '../../../src/main/index.ts';
import { InlineEngine } from '../../support/inline-engine.ts';
import { tempDir } from '../ingest/temp-dir.ts';
import { COLUMNS, expectedColumns, fillEveryType, ROWS, timeOf, UNITS } from './every-type.ts';

const goldenFolder = new URL('../../../../test/main/arrow/golden/', import.meta.url);
/** Set it to look again at what is written: then the checked-in files are made anew, for read_ours.py to be run on. */
const isUpdate = process.env['MILLRACE_UPDATE_GOLDEN'] === '1';
const python = process.env['MILLRACE_PYTHON'] ?? 'python3';
const hasPython = spawnSync(python, ['-c', 'import pyarrow, polars']).status === 0;

let db: NanoTsDbShared;
before(async () => {
  db = NanoTsDbShared.over(new InlineEngine());
  for (const unit of UNITS) await fillEveryType(db, unit);
});
after(() => db.close());

const dir = tempDir();

async function write(unit: string, format: 'arrow' | 'arrow-stream'): Promise<string> {
  const path = `${dir.path}/ours_${unit}${format === 'arrow' ? '.arrow' : '.arrows'}`;
  const table = db.table(`every_${unit}`) as unknown as ExportTable;
  const { rows } = await exportTable(table, await OutputFile.open(path), { format });
  assert.equal(rows, ROWS);
  return path;
}

describe('queryArrow', () => {
  for (const unit of UNITS) {
    it(`gives a Table of a ${unit} table that append takes again, bit for bit`, async () => {
      const table = await db.table(`every_${unit}`).queryArrow();
      assert.equal(table.numRows, ROWS);
      assert.equal(
        String(table.schema.fields[0]!.type),
        `Timestamp<${{ ms: 'MILLISECOND', us: 'MICROSECOND', ns: 'NANOSECOND' }[unit]}>`,
      );
      const copy = NanoTsDbShared.over(new InlineEngine());
      const again = await copy.createTable(`every_${unit}`, COLUMNS, { unit });
      again.append(table);
      const [before_, after_] = [await db.table(`every_${unit}`).query(), await again.query()];
      const bytes = (values: unknown): unknown =>
        ArrayBuffer.isView(values)
          ? Buffer.from(values.buffer, values.byteOffset, values.byteLength)
          : values;
      for (const { name } of COLUMNS)
        assert.deepEqual(bytes(after_.columns[name]), bytes(before_.columns[name]), name);
      assert.deepEqual(after_.validity, before_.validity);
      assert.deepEqual(after_.ts, before_.ts);
      await copy.close();
    });
  }

  it('takes the options of query', async () => {
    const table = await db
      .table('every_ms')
      .queryArrow({ columns: ['c_i32', 'c_bool'], limit: 3, order: 'desc' });
    assert.deepEqual(table.schema.names, ['ts', 'c_i32', 'c_bool']);
    assert.deepEqual(
      [...table].map((row) => BigInt(row['ts'] as number)),
      [44, 43, 42].map((row) => timeOf('ms', row)),
    );
    const none = await db.table('every_ns').queryArrow({ from: 1n, to: 0n });
    assert.equal(none.numRows, 0);
    assert.equal(none.schema.fields.length, 8);
    await assert.rejects(db.table('every_ms').queryArrow({ columns: ['nope'] }), { code: 'UNKNOWN_COLUMN' });
  });

  it('copies neither floats nor integers', async () => {
    const line = await db.createTable('line', ['v', { name: 'n', type: 'i64' }], { unit: 'ns' });
    line.append({
      ts: BigInt64Array.of(1n, 2n),
      columns: { v: Float64Array.of(1, 2), n: BigInt64Array.of(3n, 4n) },
    });
    const table = await line.queryArrow();
    for (const name of ['ts', 'v', 'n']) {
      const { values } = table.getChild(name)!.data[0]!;
      assert.equal(values.buffer.byteLength, 16, `${name} owns its memory and no more`);
    }
  });
});

describe('scanArrow', () => {
  it('gives RecordBatches of one schema, and none for no row', async () => {
    const batches: RecordBatch[] = [];
    for await (const batch of db.table('every_us').scanArrow({ batchRows: 20 })) batches.push(batch);
    assert.deepEqual(
      batches.map(({ numRows }) => numRows),
      [20, 20, 5],
    );
    assert.deepEqual(new Set(batches.map(({ schema }) => String(schema))).size, 1);
    for await (const _ of db.table('every_us').scanArrow({ from: 1n, to: 0n }))
      assert.fail('there is no row');
  });
});

describe('Arrow files and streams', () => {
  for (const unit of UNITS) {
    for (const format of ['arrow', 'arrow-stream'] as const) {
      it(`of a ${unit} table (${format}) are byte for byte those that pyarrow and polars were seen to read`, async () => {
        const path = await write(unit, format);
        const name = path.slice(path.lastIndexOf('/') + 1);
        if (isUpdate) writeFileSync(new URL(name, goldenFolder), readFileSync(path));
        assert.deepEqual(readFileSync(path), readFileSync(new URL(name, goldenFolder)));
        const table = tableFromIPC(readFileSync(path));
        assert.equal(table.numRows, ROWS);
        assert.deepEqual(table.getChild('c_utf8')!.toJSON(), expectedColumns(unit)['c_utf8']);
      });
    }
  }

  it('of a table without rows have its schema', async () => {
    await db.createTable('empty', ['v']);
    for (const format of ['arrow', 'arrow-stream'] as const) {
      const path = `${dir.path}/empty.${format}`;
      await exportTable(db.table('empty') as unknown as ExportTable, await OutputFile.open(path), { format });
      const table = tableFromIPC(readFileSync(path));
      assert.deepEqual([table.numRows, table.schema.names], [0, ['ts', 'v']]);
    }
  });

  /** What read_ours.py printed of the checked-in files, once, by pyarrow 26.0.1 and polars 2.1.0. */
  const seen = JSON.parse(readFileSync(new URL('as-python-read.json', goldenFolder), 'utf8'));

  it('hold what they should, as pyarrow and polars read the checked-in ones', () => {
    checkReading(seen);
  });

  it('are read by the pyarrow and polars that are installed here', {
    skip: hasPython ? false : `${python} has no pyarrow and polars; set MILLRACE_PYTHON to one that has`,
  }, async () => {
    const paths: string[] = [];
    for (const unit of UNITS)
      for (const format of ['arrow', 'arrow-stream'] as const) paths.push(await write(unit, format));
    const script = fileURLToPath(new URL('read_ours.py', goldenFolder));
    const run = spawnSync(python, [script, ...paths], { encoding: 'utf8' });
    assert.equal(run.status, 0, run.stderr);
    checkReading(JSON.parse(run.stdout));
  });
});

function checkReading(answer: Record<string, Record<string, Record<string, unknown>>>): void {
  assert.equal(Object.keys(answer).length, 6);
  for (const unit of UNITS) {
    for (const name of [`ours_${unit}.arrow`, `ours_${unit}.arrows`]) {
      const { types, pyarrow, polars } = answer[name]!;
      assert.deepEqual(types, {
        ts: `timestamp[${unit}]`,
        c_f64: 'double',
        c_f32: 'float',
        c_i64: 'int64',
        c_i32: 'int32',
        c_bool: 'bool',
        c_utf8: 'string',
        c_bytes: 'binary',
      });
      const expected = expectedColumns(unit);
      assert.deepEqual(pyarrow, expected);
      // polars gives Python floats, in which a NaN of 32 bits has been widened and narrowed: any NaN will do
      assert.deepEqual({ ...polars, c_f32: polars!['c_f32'] }, { ...expected, c_f32: polars!['c_f32'] });
      const isNaN32 = (bits: unknown): boolean =>
        (Number.parseInt(String(bits), 16) & 0x7fffffff) > 0x7f800000;
      for (const [row, bits] of (expected['c_f32'] as unknown[]).entries()) {
        const read = (polars!['c_f32'] as unknown[])[row];
        if (!(isNaN32(bits) && isNaN32(read))) assert.equal(read, bits, `row ${row}`);
      }
    }
  }
}
