import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../support/model-values.ts';
import { checkDamaged, GOLDEN_BYTES, goldenImage, placesToDamage, showAll, type Tally } from './golden.ts';

/** Tests one quarter of the flips: a bit in each byte of a database of 64 KiB. */
export function flipQuarter(quarter: 0 | 1 | 2 | 3): void {
  test(`a flipped bit in any byte of a 64 KiB database: right rows, or a loss that verify names (quarter ${quarter + 1})`, async (t) => {
    // Thousands of errors whose stack nobody reads.
    Error.stackTraceLimit = 0;
    const image = await goldenImage(true);
    const whole = (await showAll(image))!;
    assert.deepEqual(whole.report!.findings, []);
    const all = placesToDamage(image);
    assert.ok(all.length >= GOLDEN_BYTES, `only ${all.length} bytes`);
    // Each test takes bytes from everywhere.
    const places = all.filter((_, i) => i % 4 === quarter);
    const random = new Random(quarter);
    const tally: Tally = { right: 0, reported: 0, refused: 0 };
    for (const at of places) {
      const bit = 1 << random.below(8);
      image[at]! ^= bit;
      await checkDamaged(image, whole, `bit ${bit} of byte ${at}`, tally);
      image[at]! ^= bit;
    }
    t.diagnostic(`${places.length} flips in ${image.length} bytes; ${JSON.stringify(tally)}`);
    assert.equal(tally.refused, 0, 'one flipped bit is never a file that cannot be opened');
    assert.ok(tally.right > 0 && tally.reported > 0);
  });
}
