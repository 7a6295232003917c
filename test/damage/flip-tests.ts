import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../support/model-values.ts';
import { checkDamaged, GOLDEN_BYTES, goldenImage, placesToDamage, showAll, type Tally } from './golden.ts';

/**
 * Flips a bit in bytes from everywhere in a database of 64 KiB.
 * @param stride one in so many bytes
 * @param first the first of them
 */
export function flipTests(stride: number, first: number): void {
  test(`a flipped bit in one of ${stride} bytes of a 64 KiB database, from byte ${first} on: right rows, or a loss that verify names`, async (t) => {
    // Thousands of errors whose stack nobody reads.
    Error.stackTraceLimit = 0;
    const image = await goldenImage(true);
    const whole = (await showAll(image))!;
    assert.deepEqual(whole.report!.findings, []);
    const all = placesToDamage(image);
    assert.ok(all.length >= GOLDEN_BYTES, `only ${all.length} bytes`);
    const places = all.filter((_, i) => i % stride === first);
    const random = new Random(first);
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
