// The child process of one job and one round. Started by run.ts.
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { serveJob } from '../harness/child.ts';
import { settleDisk } from '../harness/disk.ts';
import { W_COLUMNS } from '../workload/workload-w.ts';
import { Appender, latencyOf, rowsOfProducer, wrongAnswers } from './append.ts';
import { type EngineJob, type EngineOutcome, type ProducerJob, READY, START } from './contract.ts';

const PRODUCER = fileURLToPath(new URL('./producer.js', import.meta.url));
/** Rows of the untimed warm-up, so that nobody is timed while code is compiled. */
const WARM_UP_ROWS = 200_000;

await serveJob<EngineJob, EngineOutcome>(async (job) => {
  const path = join(job.folder, 'engine.ntt');
  const all = rowsOfProducer({ ...job, producers: 1 }, 0);
  const { durability, writers } = job;
  const options = { durability, writers };
  const db = await NanoTsDbShared.open(path, options);
  for (const { name } of all) await db.createTable(name, W_COLUMNS);
  await warmUp(db, job);

  const gate = new SharedArrayBuffer(8);
  const words = new Int32Array(gate);
  const others = Array.from({ length: job.producers - 1 }, (_, i) => {
    const workerData: ProducerJob = { ticket: db.ticket(), job, producer: i + 1, gate };
    return new Worker(PRODUCER, { workerData });
  });
  const answers = others.map((worker) => once(worker, 'message') as Promise<[number[]]>);
  const own = new Appender(db, job, rowsOfProducer(job, 0));
  while (Atomics.load(words, READY) < others.length) {
    await Atomics.waitAsync(words, READY, Atomics.load(words, READY), 100).value;
  }
  settleDisk(job.folder);
  const before = process.memoryUsage.rss();
  let peak = before;
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
    fileBytes: statSync(path).size,
    wrong,
  };
});

/** Appends rows of another table in the way of the job. */
async function warmUp(db: NanoTsDbShared, job: EngineJob): Promise<void> {
  const rows = Math.max(
    job.batchRows,
    Math.min(WARM_UP_ROWS, job.durability === 'always' ? 2000 : WARM_UP_ROWS),
  );
  const warm: EngineJob = { ...job, tables: 1, rowsPerTable: rows, passes: 1, producers: 1 };
  const table = { ...rowsOfProducer(warm, 0)[0]!, name: 'warm-up' };
  await db.createTable(table.name, W_COLUMNS);
  await new Appender(db, warm, [table]).run();
  await db.sync();
}
