import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { InlineEngine } from '../support/inline-engine.ts';

// A writer took its messages, then a producer came, appended and asked for a sync: the writer saw the ticket, did not know
// the producer yet, and said "synced" to rows it had not seen. Found by the simulation.
test('a sync covers the rows of a producer that came while the writer was in the middle of a step', async () => {
  let whenMessagesAreTaken: (() => void) | undefined;
  const engine = new InlineEngine({
    writers: 1,
    onStep: (_writer, step) => {
      if (step !== 'messages taken') return;
      const act = whenMessagesAreTaken;
      whenMessagesAreTaken = undefined;
      act?.();
    },
  });
  const db = NanoTsDbShared.over(engine);
  await db.createTable('line', ['x']);
  const { control } = engine.shared;
  let ticket: number | undefined;
  whenMessagesAreTaken = () => {
    const late = NanoTsDbShared.over(engine.asProducer(1));
    for (let x = 0; x < 10; x++) late.table('line').appendRow(x, [x]);
    ticket = control.requestSync(0);
  };
  for (let turn = 0; turn < 100 && (ticket === undefined || !control.isSynced(0, ticket)); turn++)
    engine.turn(1);
  assert.ok(ticket !== undefined && control.isSynced(0, ticket));
  const crashed = NanoTsDbShared.over(new InlineEngine({ file: new MemoryFile(engine.file.syncedImage()) }));
  assert.equal((await crashed.table('line').query()).rowCount, 10);
});
