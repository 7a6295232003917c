import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { checkRows } from '../../../bench/flights/check-rows.ts';
import { ExpectedRows } from '../../../bench/flights/expected-rows.ts';
import { flightsFile } from '../../../bench/flights/flights-file.ts';
import { ingestFlights } from '../../../bench/flights/ingest-flights.ts';
import { NanoTsDbShared } from '../../../src/main/index.ts';
import { tempDir } from '../ingest/temp-dir.ts';

const dir = tempDir();
const MAIN_JOB = fileURLToPath(new URL('../../../bench/flights/main-job.js', import.meta.url));

function mainJob(...args: string[]): { status: number | null; lines: string[] } {
  const { status, stdout } = spawnSync(process.execPath, [MAIN_JOB, ...args], { encoding: 'utf8' });
  return { status, lines: stdout.trimEnd().split('\n') };
}

test('the main job brings flights into a file and back, and its last line says that all agree', () => {
  const { status, lines } = mainJob('--rows', '5000', '--db', join(dir.path, 'flights.ntt'));
  assert.equal(status, 0);
  assert.match(lines.at(-1)!, /^check: 5,000 rows of \d+ tables agree with flights-3m\.parquet$/);
  const all = lines.join('\n');
  for (const pattern of [
    /reading .* engine /s,
    /raw .*, file /,
    /mean delay in minutes by week/,
    /\d rows\/s/,
  ]) {
    assert.match(all, pattern);
  }
});

test('the main job fails, last line and exit code, if it cannot be done', () => {
  const { status, lines } = mainJob('--rows', '10', '--db', dir.path);
  assert.equal(status, 1);
  assert.match(lines.at(-1)!, /^check: FAILED/);
});

test('the check of the main job finds a wrong value, a row too many and a table too many', async () => {
  const expected = new ExpectedRows(2000);
  await using db = await NanoTsDbShared.open(join(dir.path, 'checked.ntt'));
  await ingestFlights(db, flightsFile(), 2000, expected);
  assert.equal((await checkRows(db, expected)).difference, undefined);

  // row 1500 of the file gets another delay
  const changed = new ExpectedRows(2000);
  await using other = await NanoTsDbShared.open(join(dir.path, 'other.ntt'));
  await ingestFlights(other, flightsFile(), 2000, changed);
  changed.note('delay', 1500, [4711n]);
  assert.match(
    (await checkRows(other, changed)).difference ?? '',
    /^row \d+ of [A-Z]{3} is .*; the file has .*4711/,
  );

  const [name] = db.listTables();
  const { to } = (await db.table(name!).timeRange())!;
  db.table(name!).append({
    ts: [Number(to)],
    columns: { delay: [0], distance: [0], destination: ['SFO'] },
  });
  assert.match(
    (await checkRows(db, expected)).difference ?? '',
    new RegExp(`${name} has \\d+ rows; the file has \\d+`),
  );
  await db.createTable('XXX', ['delay']);
  assert.match((await checkRows(db, expected)).difference ?? '', /tables, not/);
});
