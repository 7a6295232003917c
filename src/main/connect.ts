import type { DatabaseTicket } from '../shared/control/ticket.ts';
import { NanoTsDbShared } from './database.ts';
import { joinEngine } from './join-engine.ts';

/**
 * A handle of a database that another thread of this process has open: `ticket` is what `db.ticket()` returned there, as
 * `workerData` or a message brought it. It appends, makes tables, reads and syncs like the first; its `close()` gives back
 * its place among the producers and leaves the database open for the others.
 *
 * ```ts
 * new Worker('./gateway.js', { workerData: db.ticket() });   // in one thread
 * const db = connect(workerData);                            // in the other
 * ```
 * @throws TOO_MANY if there are `maxProducers` handles; CLOSED, POISONED, INVALID_OPTION, FILE_REPLACED, IO_ERROR
 */
export function connect(ticket: DatabaseTicket): NanoTsDbShared {
  return NanoTsDbShared.over(joinEngine(ticket));
}
