import type { SharedState } from '../../shared/control/shared-state.ts';
import { compareRefs } from '../../shared/format/block-ref.ts';
import { walkLog } from '../../shared/recovery/walk-log.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import type { Channel } from '../channel.ts';
import type { ChunkBook } from './chunk-book.ts';
import { Log } from './log.ts';
import type { FromWriter, ToWriter } from './messages.ts';
import type { WriterOptions } from './options.ts';

/**
 * Goes on where a dead writer stopped: what its log holds is logged, whether it lived to say so or not; everything else
 * that is in chunks is still to be logged. Ends with all of that published, so that it is found as after any commit.
 */
export function takeOver(
  shared: SharedState,
  storage: Storage,
  channel: Channel<ToWriter, FromWriter>,
  options: WriterOptions,
  book: ChunkBook,
): Log {
  const committed = shared.control.committed(options.writer);
  const walked = walkLog(storage, options.writer, options.entry, committed);
  book.walk();
  const find = book.byName();
  const directory = shared.directories[options.writer]!;
  for (const { payload } of walked.frames) {
    for (const { tableId, ref } of payload.blocks) {
      const told = directory.ofTable(tableId).some((other) => compareRefs(other, ref) === 0);
      if (!told) directory.add(tableId, ref);
      const known = find(tableId, ref.ordinalFirst);
      if (known === undefined) continue;
      known.blocked = Math.max(known.blocked, ref.indexFirst + ref.rows);
      known.logged = Math.max(known.logged, known.blocked);
    }
    for (const { tableId, ordinal, indexFirst, rows } of payload.pieces) {
      const known = find(tableId, ordinal);
      if (known !== undefined) known.logged = Math.max(known.logged, indexFirst + rows);
    }
  }
  options.onStep?.('log read');
  // Its last frames may be in the system's cache only; nothing is told of them before they are safe. With durability 'none'
  // too: the new log takes them for synced, says so in its frames, and answers a sync by that.
  storage.sync();
  for (const known of book.all()) {
    if (known.logged > known.blocked) known.firstPiece = options.entry.replay;
    book.publishLogged(known);
  }
  shared.control.setCommitted(options.writer, walked.end.number - 1);
  options.onStep?.('taken over');
  channel.post({
    type: 'tookOver',
    chain: walked.extents.map(({ offset, bytes }) => ({ offset, bytes })),
  });
  return new Log(storage, options.writer, walked.end, walked.extents, true);
}
