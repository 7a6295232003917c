import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDamaged, goldenImage, placesToDamage, showAll, type Tally } from './golden.ts';

for (const isClosed of [true, false]) {
  const kind = isClosed ? 'that was closed' : 'with an open log';
  test(`a database ${kind}, cut at every length: right rows, a loss that is reported, or a refusal`, async (t) => {
    Error.stackTraceLimit = 0;
    const image = await goldenImage(isClosed);
    const whole = (await showAll(image))!;
    const tally: Tally = { right: 0, reported: 0, refused: 0 };
    // Of the free space, where nothing changes from one length to the next, only some.
    const lengths = placesToDamage(image);
    for (const length of lengths)
      await checkDamaged(image.subarray(0, length), whole, `${kind}, cut at ${length}`, tally);
    t.diagnostic(`${lengths.length} lengths up to ${image.length}; ${JSON.stringify(tally)}`);
    assert.ok(tally.refused > 0 && tally.refused < lengths.length);
  });
}
