import assert from 'node:assert/strict';
import { type ErrorCode, MillraceError } from '../../src/main/index.ts';

/**
 * Fails unless a call is refused with this code, in words that name what was wrong.
 * @param names what the message must have in it: the offending value as `JSON.stringify` or `String` shows it
 */
export async function refused(
  code: ErrorCode,
  names: string | RegExp,
  call: () => unknown,
): Promise<MillraceError> {
  let error: unknown;
  try {
    await call();
  } catch (caught) {
    error = caught;
  }
  assert.ok(error !== undefined, `the call was not refused with ${code}`);
  assert.ok(MillraceError.is(error), `not a MillraceError: ${error instanceof Error ? error.stack : error}`);
  assert.equal(error.code, code, error.message);
  const isNamed = typeof names === 'string' ? error.message.includes(names) : names.test(error.message);
  assert.ok(isNamed, `${JSON.stringify(error.message)} does not name ${names}`);
  return error;
}
