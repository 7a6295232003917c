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
    for (let length = 0; length < image.length; length++)
      await checkDamaged(image.subarray(0, length), whole, `${kind}, cut at ${length}`, tally);
    t.diagnostic(`${image.length} lengths; ${JSON.stringify(tally)}`);
    assert.ok(tally.refused > 0 && tally.refused < image.length);
  });
}
