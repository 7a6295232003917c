import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import { type ExportOptions, type ExportTable, exportTable } from '../../../src/main/export/export-table.ts';
import { type ByteSink, OutputFile } from '../../../src/main/export/output-file.ts';
import { EXPORT_FORMATS } from '../../../src/main/export/rows-writer.ts';
import { NanoTsDbShared, type Table, type TimeUnit } from '../../../src/main/index.ts';
import { type IngestOptions, ingestFile } from '../../../src/main/ingest/ingest-file.ts';
import { InlineEngine } from '../../support/inline-engine.ts';
import { COLUMNS, fillEveryType, ROWS, UNITS } from '../arrow/every-type.ts';
import { tempDir } from '../ingest/temp-dir.ts';

const dir = tempDir();
const types = Object.fromEntries(COLUMNS.map(({ name, type }) => [name, type]));
const ENDING = { csv: 'csv', parquet: 'parquet', arrow: 'arrow', 'arrow-stream': 'arrows' } as const;

let db: NanoTsDbShared;
before(async () => {
  db = NanoTsDbShared.over(new InlineEngine());
  for (const unit of UNITS) await fillEveryType(db, unit);
});
after(() => db.close());

async function write(table: Table, name: string, options: ExportOptions): Promise<string> {
  const path = `${dir.path}/${name}.${ENDING[options.format]}`;
  await exportTable(table as unknown as ExportTable, await OutputFile.open(path), options);
  return path;
}

/** How a CSV file of every type is read back, as the command line says. */
function csvOptions(unit: TimeUnit, nullText = '\\N'): IngestOptions {
  return { ts: 'ts', unit, timeFormat: 'iso', missing: [nullText], types };
}

/** The rows of a table with floats as their bits; NaNs of a CSV file have no payload. */
async function bitsOf(table: Table, isCsv: boolean): Promise<unknown> {
  const rows = await table.query();
  const columns = Object.entries(rows.columns).map(([name, values]) => {
    if (!(values instanceof Float64Array || values instanceof Float32Array)) return [name, values];
    const own = values.slice();
    if (isCsv) for (let i = 0; i < own.length; i++) if (Number.isNaN(own[i])) own[i] = Number.NaN;
    return [name, Buffer.from(own.buffer)];
  });
  return { ts: rows.ts, columns: Object.fromEntries(columns), validity: rows.validity };
}

async function readBack(
  path: string,
  unit: TimeUnit,
  options: IngestOptions,
  isCsv: boolean,
): Promise<unknown> {
  const copy = NanoTsDbShared.over(new InlineEngine());
  await ingestFile(copy, path, { ...options, table: 'copy' });
  assert.equal(copy.schema('copy').unit, unit);
  const bits = await bitsOf(copy.table('copy'), isCsv);
  await copy.close();
  return bits;
}

describe('an exported file reads back with the same bits', () => {
  for (const unit of UNITS) {
    for (const format of EXPORT_FORMATS) {
      it(`${format} of a ${unit} table`, async () => {
        const table = db.table(`every_${unit}`);
        const path = await write(table, `every_${unit}`, { format });
        const options = format === 'csv' ? csvOptions(unit) : {};
        const isCsv = format === 'csv';
        assert.deepEqual(await readBack(path, unit, options, isCsv), await bitsOf(table, isCsv));
      });
    }
  }

  it('CSV with times as numbers, too', async () => {
    const table = db.table('every_ns');
    const path = await write(table, 'epoch', { format: 'csv', epoch: true, nullText: 'nothing' });
    assert.match(readFileSync(path, 'utf8'), /^ts,c_f64,.*\n-3000000,/);
    const options = { ...csvOptions('ns', 'nothing'), timeFormat: 'ns' };
    assert.deepEqual(await readBack(path, 'ns', options, true), await bitsOf(table, true));
  });

  it('CSV of any floats and texts', async () => {
    const row = fc.record({
      f64: fc.option(fc.double()),
      f32: fc.option(fc.float()),
      utf8: fc.option(fc.string({ unit: 'grapheme', maxLength: 8 }).filter((text) => text !== '\\N')),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 60 }), async (rows) => {
        const source = NanoTsDbShared.over(new InlineEngine());
        const columns = (['f64', 'f32', 'utf8'] as const).map((type) => ({ name: `c_${type}`, type }));
        const table = await source.createTable('any', columns);
        for (const [i, { f64, f32, utf8 }] of rows.entries()) table.appendRow(i, [f64, f32, utf8]);
        const path = await write(table as unknown as Table, 'any', { format: 'csv' });
        const options = {
          ...csvOptions('ms'),
          types: Object.fromEntries(columns.map(({ name, type }) => [name, type])),
        };
        assert.deepEqual(
          await readBack(path, 'ms', options, true),
          await bitsOf(table as unknown as Table, true),
        );
        await source.close();
      }),
      { numRuns: 25 },
    );
  });
});

describe('export', () => {
  it('takes a range, columns and conditions', async () => {
    const path = await write(db.table('every_ms'), 'part', {
      format: 'csv',
      from: 1_704_067_210_000,
      to: 1_704_067_215_000,
      columns: ['c_bool', 'c_i32'],
      where: [{ column: 'c_i32', op: '>=', value: 0 }],
    });
    assert.deepEqual(readFileSync(path, 'utf8').trimEnd().split('\n'), [
      'ts,c_bool,c_i32',
      '2024-01-01T00:00:10.000Z,false,5',
      '2024-01-01T00:00:13.000Z,false,2147483647',
      '2024-01-01T00:00:14.000Z,true,0',
    ]);
  });

  it('tells how far it is, and what it wrote', async () => {
    const seen: number[] = [];
    const table = db.table('every_ms') as unknown as ExportTable;
    const sink = await OutputFile.open(`${dir.path}/told.parquet`);
    const onProgress = (rows: number) => seen.push(rows);
    const result = await exportTable(table, sink, { format: 'parquet', onProgress });
    assert.deepEqual(seen, [ROWS]);
    assert.equal(result.bytes, readFileSync(`${dir.path}/told.parquet`).length);
  });

  it('of a table without rows is a file with its columns', async () => {
    const table = await db.createTable('empty', [{ name: 'v', type: 'f32' }]);
    for (const format of EXPORT_FORMATS) {
      const path = await write(table as unknown as Table, 'empty', { format });
      if (format === 'csv') assert.equal(readFileSync(path, 'utf8'), 'ts,v\n');
      else {
        const copy = NanoTsDbShared.over(new InlineEngine());
        const result = await ingestFile(copy, path);
        assert.deepEqual([result.rows, result.columns], [0, [{ name: 'v', type: 'f32' }]]);
        await copy.close();
      }
    }
  });

  it('leaves no file, and the one before as it was, when it fails or is stopped', async () => {
    const table = db.table('every_ms');
    const path = await write(table, 'kept', { format: 'csv' });
    const before_ = readFileSync(path);
    await assert.rejects(write(table, 'kept', { format: 'csv', nullText: 'NA' }), { code: 'INVALID_OPTION' });
    await assert.rejects(write(table, 'kept', { format: 'csv', columns: ['nope'] }), {
      code: 'UNKNOWN_COLUMN',
    });
    const stopped = { format: 'csv', signal: AbortSignal.abort() } as const;
    await assert.rejects(write(table, 'kept', stopped), { code: 'ABORTED' });
    assert.deepEqual(readFileSync(path), before_);
    assert.deepEqual(
      readdirSync(dir.path).filter((name) => name.includes('.part')),
      [],
    );
  });

  it('refuses times that ISO 8601 has no four digits for', async () => {
    const table = await db.createTable('far', ['v']);
    table.appendRow(2 ** 53 - 1, [1]);
    await assert.rejects(write(table as unknown as Table, 'far', { format: 'csv' }), {
      code: 'INVALID_TIMESTAMP',
    });
    const path = await write(table as unknown as Table, 'far', { format: 'csv', epoch: true });
    assert.equal(readFileSync(path, 'utf8'), 'ts,v\n9007199254740991,1\n');
  });

  it('says of a file that cannot be written why', async () => {
    await assert.rejects(OutputFile.open(`${dir.path}/no/such/folder.csv`), { code: 'IO_ERROR' });
    let isDiscarded = false;
    const full: ByteSink = {
      write: () => Promise.reject(Object.assign(new Error('no space'), { code: 'ENOSPC' })),
      finish: async () => {},
      discard: async () => {
        isDiscarded = true;
      },
    };
    await assert.rejects(
      exportTable(db.table('every_ms') as unknown as ExportTable, full, { format: 'csv' }),
      /no space/,
    );
    assert.ok(isDiscarded && !existsSync(`${dir.path}/no`));
  });
});
