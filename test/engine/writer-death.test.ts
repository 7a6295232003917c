import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { WriterKilled, type WriterStep } from '../../src/workers/writer/options.ts';
import { InlineEngine } from '../support/inline-engine.ts';

const STEPS: readonly WriterStep[] = [
  'messages taken',
  'hints taken',
  'block staged',
  'frames gathered',
  'data written',
  'log written',
  'synced',
  'directory published',
  'logged published',
  'chunk freed',
  'commit published',
  'log read',
  'taken over',
];

/** Two producers append to one table and to one each while the writer is killed as `kill` says; then all is checked. */
async function ingest(kill: (step: WriterStep) => boolean): Promise<InlineEngine> {
  const engine = new InlineEngine({
    writers: 1,
    onStep: (_writer, step) => {
      if (kill(step)) throw new WriterKilled(step);
    },
  });
  const handles = [NanoTsDbShared.over(engine), NanoTsDbShared.over(engine.asProducer(1))];
  const rows = 400;
  const batch = 7;
  for (const [producer, db] of handles.entries()) {
    await db.createTable('shared', ['producer', 'row', { name: 'text', type: 'utf8' }]);
    await db.createTable(`own ${producer}`, ['row']);
  }
  for (let from = 0; from < rows; from += batch) {
    for (const [producer, db] of handles.entries()) {
      for (let row = from; row < Math.min(from + batch, rows); row++) {
        db.table('shared').appendRow(row, [producer, row, `${producer}:${row}`]);
        db.table(`own ${producer}`).appendRow(row, [row]);
      }
    }
    engine.turn(4);
    if (from % 70 === 0) await handles[0]!.sync();
    if (from % 140 === 0) await handles[0]!.flush();
    await check(handles, from + batch > rows ? rows : from + batch);
  }
  await handles[0]!.sync();
  await check(handles, rows);
  const crashed = NanoTsDbShared.over(new InlineEngine({ file: new MemoryFile(engine.file.syncedImage()) }));
  await check([crashed, crashed], rows);
  await handles[0]!.close();
  const reopened = NanoTsDbShared.over(new InlineEngine({ file: engine.file }));
  await check([reopened, reopened], rows);
  await reopened.close();
  return engine;
}

/** Every row once, and each producer's in its order. */
async function check(handles: readonly NanoTsDbShared[], rows: number): Promise<void> {
  const shared = await handles[0]!.table('shared').query();
  assert.equal(shared.rowCount, 2 * rows);
  const next = [0, 0];
  const { producer, row, text } = shared.columns as unknown as {
    producer: Float64Array;
    row: Float64Array;
    text: string[];
  };
  for (let i = 0; i < shared.rowCount; i++) {
    const who = producer[i]!;
    assert.equal(row[i], next[who]);
    assert.equal(text[i], `${who}:${row[i]}`);
    next[who]!++;
  }
  for (const [who, db] of handles.entries()) {
    const own = await db.table(`own ${who}`).query();
    assert.equal(own.rowCount, rows);
    assert.deepEqual(
      [...(own.columns as Record<string, Float64Array>)['row']!],
      Array.from({ length: rows }, (_, i) => i),
    );
  }
}

for (const step of STEPS) {
  test(`a writer killed at "${step}", again and again, loses no row and doubles none`, async () => {
    let seen = 0;
    // Successors must get something done: a flush stages a block for each of four tables.
    const every = step === 'log read' || step === 'taken over' ? 2 : step === 'block staged' ? 7 : 3;
    const takingOver = step === 'log read' || step === 'taken over';
    let others = 0;
    const engine = await ingest((now) => {
      if (takingOver && now === 'commit published') return ++others % 5 === 0;
      return now === step && ++seen % every === 0;
    });
    assert.ok(engine.deaths >= 2, `only ${engine.deaths} deaths`);
  });
}

test('a writer killed at random steps loses no row and doubles none', async () => {
  for (let seed = 1; seed <= 40; seed++) {
    let state = seed;
    const engine = await ingest(() => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state / 2 ** 32 < 0.03;
    });
    assert.ok(engine.deaths > 0, `seed ${seed} killed nobody`);
  }
});

// The successor took what was only in the system's cache for synced: it answered the sync, and marked the frames.
test("with durability 'none', what a dead writer wrote and nobody synced is synced once a sync is answered, and a power cut before is no damage", async () => {
  let kills = false;
  const engine = new InlineEngine({
    writers: 1,
    durability: 'none',
    onStep: (_writer, step) => {
      if (kills && step === 'messages taken') {
        kills = false;
        throw new WriterKilled(step);
      }
    },
  });
  const db = NanoTsDbShared.over(engine);
  const table = db.createTableSync('a', ['x']);
  // The successor must have nothing of its own to log, such as the table.
  await db.flush();
  for (let x = 0; x < 50; x++) {
    table.appendRow(x, [x]);
    engine.turn(20);
  }
  kills = true;
  engine.turn(20);
  assert.equal(engine.deaths, 1);
  await db.sync();
  const synced = NanoTsDbShared.over(new InlineEngine({ file: new MemoryFile(engine.file.syncedImage()) }));
  assert.equal((await synced.table('a').query()).rowCount, 50);
  assert.deepEqual((await synced.stats()).recovery.damage, []);
});

// It was given a successor that nobody told to stop, so the close waited for ever.
test('a writer killed while the database closes, at any step, neither holds up the close nor costs a row', async () => {
  let deaths = 0;
  for (let kill = 1; ; kill++) {
    let left = Number.POSITIVE_INFINITY;
    const engine = new InlineEngine({
      writers: 2,
      onStep: (_writer, step) => {
        if (--left === 0) throw new WriterKilled(step);
      },
    });
    const db = NanoTsDbShared.over(engine);
    for (const name of ['a', 'b']) {
      const table = db.createTableSync(name, ['x']);
      for (let x = 0; x < 50; x++) table.appendRow(x, [x]);
    }
    left = kill;
    await db.close();
    deaths += engine.deaths;
    const reopened = NanoTsDbShared.over(
      new InlineEngine({ file: new MemoryFile(engine.file.syncedImage()) }),
    );
    for (const name of ['a', 'b']) assert.equal((await reopened.table(name).query()).rowCount, 50);
    if (engine.deaths === 0) break;
  }
  assert.ok(deaths > 10, `only ${deaths} deaths`);
});
