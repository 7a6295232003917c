import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDamaged, goldenImage, showAll, type Tally } from './golden.ts';

/** Cuts a database of 64 KiB, that was closed or has an open log, at every length. */
export function cutTests(isClosed: boolean): void {
  const kind = isClosed ? 'that was closed' : 'with an open log';
  test(`a database ${kind}, cut at every length: right rows, a loss that is reported, or a refusal`, async (t) => {
    // Thousands of errors whose stack nobody reads.
    Error.stackTraceLimit = 0;
    const image = await goldenImage(isClosed);
    const whole = (await showAll(image))!;
    const tally: Tally = { right: 0, reported: 0, refused: 0 };
    // In room that was never written, all zeros, one length says as much as the next.
    const isWorthIt = (length: number): boolean =>
      length % 64 === 0 || image[length] !== 0 || (length > 0 && image[length - 1] !== 0);
    const lengths = Array.from(image.keys()).filter(isWorthIt);
    for (const length of lengths)
      await checkDamaged(image.subarray(0, length), whole, `${kind}, cut at ${length}`, tally);
    t.diagnostic(`${lengths.length} lengths up to ${image.length}; ${JSON.stringify(tally)}`);
    assert.ok(tally.refused > 0 && tally.refused < lengths.length);
  });
}
