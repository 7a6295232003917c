import type { Control } from '../shared/control/control.ts';
import {
  STATE_CLOSED,
  STATE_OPEN,
  STATE_POISONED,
  W_SYNC_DONE,
  writerWord,
} from '../shared/control/words.ts';
import type { Waiting } from '../shared/wait.ts';

/** How long a process that ends without `close()` waits for its last commit. */
const EXIT_WAIT_MS = 5000;

/** What must be finished before this thread may end. One listener serves all databases. */
const unfinished = new Set<() => void>();

function isOver(state: number): boolean {
  return state === STATE_CLOSED || state === STATE_POISONED;
}

function finishAll(): void {
  for (const finish of unfinished) finish();
}

/**
 * Makes the process's or thread's end wait for a last durable commit: workers go on running while an exit handler waits.
 * @param endsAll whether the engine ends with this thread: then nobody's append returns any more from here on, so that every
 *   row whose append had returned is in that commit
 * @returns undoes it
 */
export function finishAtExit(
  control: Control,
  waiting: Waiting,
  writers: number,
  endsAll: boolean,
): () => void {
  const finish = (): void => {
    if (control.state !== STATE_OPEN) return;
    if (endsAll) control.startClosing();
    const until = performance.now() + EXIT_WAIT_MS;
    const tickets = Array.from({ length: writers }, (_, writer) => control.requestSync(writer));
    for (const [writer, ticket] of tickets.entries()) {
      waiting.block(
        writerWord(writer) + W_SYNC_DONE,
        () => control.isSynced(writer, ticket) || isOver(control.state) || performance.now() > until,
      );
    }
  };
  // First of all handlers: a later one may throw, or end the process at once.
  if (unfinished.size === 0) process.prependListener('exit', finishAll);
  unfinished.add(finish);
  return () => {
    unfinished.delete(finish);
    if (unfinished.size === 0) process.removeListener('exit', finishAll);
  };
}
