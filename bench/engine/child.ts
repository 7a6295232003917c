// The child process of one job and one round. Started by run.ts.
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { serveJob } from '../harness/child.ts';
import { settleDisk } from '../harness/disk.ts';
import { W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import { Appender, latencyOf, rowsOfProducer, singleRows, wrongAnswers } from './append.ts';
import { type EngineJob, type EngineOutcome, type ProducerJob, READY, START } from './contract.ts';

const PRODUCER = fileURLToPath(new URL('./producer.js', import.meta.url));
/**
 * Rows and tables of the untimed warm-up, so that nobody is timed while code is compiled: in several turns, as what was compiled for
 * the first one's objects is often compiled anew for the second one's.
 */
const WARM_UP = { rows: 3_000_000, tables: 8, turns: 4 };
/** Each commit of these rows is synced, and waited for. */
const WARM_UP_ALWAYS = 2000;

await serveJob<EngineJob, EngineOutcome>(async (job) => {
  const path = join(job.folder, 'engine.ntt');
  const all = rowsOfProducer({ ...job, producers: 1 }, 0);
  const { durability, writers } = job;
  const options = { durability, writers };
  // The rows are the bench's own: they are there before memory is looked at.
  const mine = rowsOfProducer(job, 0);
  const singles = singleRows(job, mine);
  const warm = warmUpOf(job);
  const before = process.memoryUsage.rss();
  const db = await NanoTsDbShared.open(path, options);
  for (const { name } of all) await db.createTable(name, W_COLUMNS);
  await warmUp(db, warm);

  const gate = new SharedArrayBuffer(8);
  const words = new Int32Array(gate);
  const others = Array.from({ length: job.producers - 1 }, (_, i) => {
    const workerData: ProducerJob = { ticket: db.ticket(), job, producer: i + 1, gate };
    return new Worker(PRODUCER, { workerData });
  });
  const answers = others.map((worker) => once(worker, 'message') as Promise<[number[]]>);
  const own = new Appender(db, job, mine, singles);
  while (Atomics.load(words, READY) < others.length) {
    await Atomics.waitAsync(words, READY, Atomics.load(words, READY), 100).value;
  }
  settleDisk(job.folder);
  let peak = process.memoryUsage.rss();
  const watch = setInterval(() => (peak = Math.max(peak, process.memoryUsage.rss())), 20);
  const cpuBefore = process.cpuUsage();

  const start = performance.now();
  Atomics.store(words, START, 1);
  Atomics.notify(words, START);
  await own.run();
  const times = [own.times, ...(await Promise.all(answers)).map(([each]) => each)];
  const appended = performance.now();
  await db.sync();
  const durable = performance.now();

  const cpu = process.cpuUsage(cpuBefore);
  clearInterval(watch);
  peak = Math.max(peak, process.memoryUsage.rss());
  const { budgetBytes } = (await db.stats()).memory;
  await db.close();

  const opening = performance.now();
  const reader = await NanoTsDbShared.open(path, { readOnly: true, create: false });
  await reader.table(all[0]!.name).query({ limit: 1 });
  const openMs = performance.now() - opening;
  const wrong: string[] = [];
  for (const table of all) wrong.push(...(await wrongAnswers(reader, job, table)));
  await reader.close();
  return {
    rows: job.tables * job.rowsPerTable * job.passes,
    seconds: (durable - start) / 1e3,
    endSeconds: (durable - appended) / 1e3,
    append: latencyOf(times.flat()),
    openMs,
    cpuSeconds: (cpu.user + cpu.system) / 1e6,
    grownBytes: peak - before,
    budgetBytes,
    fileBytes: statSync(path).size,
    wrong,
  };
});

/** Rows of other tables, to be appended in the way of the job. */
interface WarmUp {
  readonly job: EngineJob;
  readonly tables: readonly WTable[];
  readonly singles: Float64Array;
}

function warmUpOf(job: EngineJob): WarmUp {
  const rows = job.durability === 'always' ? WARM_UP_ALWAYS : WARM_UP.rows;
  const rowsPerTable = Math.max(job.batchRows, Math.floor(rows / WARM_UP.tables / WARM_UP.turns));
  const warm: EngineJob = { ...job, tables: WARM_UP.tables, rowsPerTable, passes: 1, producers: 1 };
  const tables = rowsOfProducer(warm, 0);
  return { job: warm, tables, singles: singleRows(warm, tables) };
}

async function warmUp(db: NanoTsDbShared, { job, tables, singles }: WarmUp): Promise<void> {
  for (let turn = 0; turn < WARM_UP.turns; turn++) {
    const others = tables.map((table) => ({ ...table, name: `warm-up ${turn} ${table.name}` }));
    for (const { name } of others) await db.createTable(name, W_COLUMNS);
    await new Appender(db, job, others, singles).run();
    await db.sync();
  }
}
