import { leastMaxBytes, mostTables } from '../../shared/control/space-bound.ts';
import { MillraceError } from '../../shared/errors.ts';

/**
 * @param maxBytes what the file may come to, 0 for no bound
 * @throws INVALID_OPTION if that leaves no room to work in
 */
export function checkBound(maxBytes: number, writers: number, tables: number): void {
  const least = leastMaxBytes(writers, tables);
  if (maxBytes === 0 || maxBytes >= least) return;
  throw new MillraceError(
    'INVALID_OPTION',
    `maxBytes is ${maxBytes}; with ${writers} writers and ${tables} tables it must be at least ${least}, or null for no bound`,
    { option: 'maxBytes', value: maxBytes, least },
  );
}

/**
 * @param maxBytes what the file may come to, 0 for no bound
 * @param tables that there are already
 * @throws TOO_MANY if there is no room for another one
 */
export function checkRoomForTable(maxBytes: number, tables: number, table: string): void {
  if (maxBytes === 0) return;
  const most = mostTables(maxBytes);
  if (tables < most) return;
  throw new MillraceError(
    'TOO_MANY',
    `a file of at most ${maxBytes} bytes has room for ${most} tables; open it with a larger maxBytes`,
    { table, maxBytes },
  );
}
