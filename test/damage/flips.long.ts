import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkDamaged, goldenImage, placesToDamage, showAll, type Tally } from './golden.ts';

test('every bit of a 64 KiB database flipped: right rows, or a loss that verify names', async (t) => {
  Error.stackTraceLimit = 0;
  const image = await goldenImage(true);
  const whole = (await showAll(image))!;
  const tally: Tally = { right: 0, reported: 0, refused: 0 };
  const places = placesToDamage(image);
  for (const at of places) {
    for (let bit = 1; bit < 256; bit *= 2) {
      image[at]! ^= bit;
      await checkDamaged(image, whole, `bit ${bit} of byte ${at}`, tally);
      image[at]! ^= bit;
    }
  }
  t.diagnostic(`${places.length * 8} flips; ${JSON.stringify(tally)}`);
  assert.equal(tally.refused, 0);
});
