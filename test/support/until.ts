import { setTimeout as pause } from 'node:timers/promises';

/** What has not come about by then never will. */
const HANG_MS = 60_000;

/** Resolves once a condition holds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + HANG_MS;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`${what}: not so after ${HANG_MS} ms`);
    await pause(5);
  }
}
