// The main job (`npm start`): three million real flights into one file and back, every value compared.
//
//   node dist/bench/flights/main-job.js [--rows N] [--db PATH] [--writers N]
//
// The last line is the outcome of the comparison; the exit code is 1 if it failed.
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { parseArgs } from 'node:util';
import { formatBytes, formatCount, formatDuration, plural } from '../../src/main/cli/numbers.ts';
import { formatTable } from '../../src/main/cli/output.ts';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { ParquetFile } from '../../src/main/ingest/parquet-file.ts';
import { checkRows } from './check-rows.ts';
import { ExpectedRows } from './expected-rows.ts';
import { flightsFile } from './flights-file.ts';
import { ingestFlights } from './ingest-flights.ts';
import { showDelays, showQueries } from './show-flights.ts';

interface Job {
  readonly path: string;
  readonly rows: number | undefined;
  readonly writers: number | undefined;
}

async function main(job: Job): Promise<boolean> {
  const file = flightsFile();
  const rows = Math.min(job.rows ?? Number.POSITIVE_INFINITY, await countRows(file));
  console.log(
    `${formatCount(rows)} flights of ${basename(file)} (${formatBytes(statSync(file).size)}) into ${job.path}`,
  );
  const expected = new ExpectedRows(rows);
  await write(job, file, rows, expected);

  const begin = performance.now();
  await using db = await NanoTsDbShared.open(job.path, { readOnly: true, create: false });
  console.log(`\nopened again in ${formatDuration(performance.now() - begin)}`);
  await showQueries(db);
  await showDelays(db);

  const checkBegin = performance.now();
  const check = await checkRows(db, expected);
  const spent = formatDuration(performance.now() - checkBegin);
  if (check.difference !== undefined) {
    console.log(`\ncheck: FAILED: ${check.difference}`);
    return false;
  }
  const sums = `sum of delays ${formatCount(check.delaySum)} min, of distances ${formatCount(check.distanceSum)} miles`;
  console.log(`\nevery value of every row compared in ${spent}; ${sums}`);
  console.log(
    `check: ${plural(check.rows, 'row')} of ${plural(check.tables, 'table')} agree with ${basename(file)}`,
  );
  return true;
}

/** Ingests, syncs, closes, and says how long each took. */
async function write(job: Job, file: string, rows: number, expected: ExpectedRows): Promise<void> {
  const begin = performance.now();
  const db = await NanoTsDbShared.open(job.path, { writers: job.writers });
  const open_ms = performance.now() - begin;
  const times = await ingestFlights(db, file, rows, expected);
  const stats = await db.stats();
  const beforeClose = performance.now();
  await db.close();
  const close_ms = performance.now() - beforeClose;

  const reading_ms = times.decoding_ms + times.grouping_ms;
  const engine_ms = open_ms + times.append_ms + times.sync_ms + close_ms;
  const raw = stats.tables.reduce((sum, { rawBytes }) => sum + rawBytes, 0);
  const fileBytes = statSync(job.path).size;
  const rate = (ms: number) => `${formatCount((times.rows / ms) * 1000)} rows/s`;
  console.log(
    `${plural(times.rows, 'row')} in ${plural(times.tables, 'table')}, ${formatDuration(reading_ms + engine_ms)}, ${rate(reading_ms + engine_ms)}`,
  );
  console.log(
    `  reading ${formatDuration(reading_ms)} (Parquet ${formatDuration(times.decoding_ms)}, grouping by airport ${formatDuration(times.grouping_ms)})`,
  );
  console.log(
    `  engine  ${formatDuration(engine_ms)} (open ${formatDuration(open_ms)}, append ${formatDuration(times.append_ms)}, ` +
      `sync ${formatDuration(times.sync_ms)}, close ${formatDuration(close_ms)}): ${rate(engine_ms)}`,
  );
  console.log(
    `  raw ${formatBytes(raw)}, file ${formatBytes(fileBytes)}: raw / ${(raw / fileBytes).toFixed(2)}`,
  );
  const seconds = (reading_ms + engine_ms) / 1000;
  const lines = stats.writers.map((writer) => [
    String(writer.writer),
    formatCount(writer.rows),
    formatCount(writer.rows / seconds),
    formatCount(writer.blocks),
    formatCount(writer.commits),
    formatBytes(writer.dataBytes),
    formatBytes(writer.logBytes),
    `${(writer.busy * 100).toFixed(0)} %`,
  ]);
  const header = ['writer', 'rows', 'rows/s', 'blocks', 'commits', 'data', 'log', 'busy'];
  for (const line of formatTable(
    header,
    lines,
    header.map(() => 'right'),
  ))
    console.log(`  ${line}`);
}

async function countRows(path: string): Promise<number> {
  const file = await ParquetFile.open(path);
  await file.close();
  return Number(file.metadata.num_rows);
}

function parseJob(): Job & { temporary: string | undefined } {
  const { values } = parseArgs({
    options: { rows: { type: 'string' }, db: { type: 'string' }, writers: { type: 'string' } },
  });
  const whole = (name: 'rows' | 'writers') => {
    const text = values[name];
    if (text !== undefined && !/^[1-9]\d*$/.test(text))
      throw new Error(`--${name} takes a whole number from 1 on; not ${text}`);
    return text === undefined ? undefined : Number(text);
  };
  const numbers = { rows: whole('rows'), writers: whole('writers') };
  if (values.db === undefined) {
    const temporary = mkdtempSync(join(tmpdir(), 'millrace-flights-'));
    return { path: join(temporary, 'flights.ntt'), ...numbers, temporary };
  }
  // rows of an earlier run would count as wrong ones
  if (existsSync(values.db)) throw new Error(`${values.db} exists; name a new file`);
  return { path: values.db, ...numbers, temporary: undefined };
}

// Ctrl-C ends the process by way of its exit handlers: the database's own, and the one below
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));
try {
  const job = parseJob();
  if (job.temporary !== undefined) {
    const folder = job.temporary;
    process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
  }
  if (!(await main(job))) process.exitCode = 1;
} catch (error) {
  console.error(error);
  console.log('check: FAILED: the job ended with an error');
  process.exitCode = 1;
}
