import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../support/model-values.ts';
import { checkDamaged, GOLDEN_BYTES, goldenImage, showAll, type Tally } from './golden.ts';

/** Tests one quarter of the flips: a bit in each byte of a database of 64 KiB. */
export function flipQuarter(quarter: 0 | 1 | 2 | 3): void {
  test(`a flipped bit in any byte of a 64 KiB database: right rows, or a loss that verify names (quarter ${quarter + 1})`, async (t) => {
    const image = await goldenImage(true);
    assert.ok(image.length >= GOLDEN_BYTES, `only ${image.length} bytes`);
    const whole = (await showAll(image))!;
    assert.deepEqual(whole.report!.findings, []);
    const random = new Random(quarter);
    const tally: Tally = { right: 0, reported: 0, refused: 0 };
    const end = quarter === 3 ? image.length : ((quarter + 1) * GOLDEN_BYTES) / 4;
    for (let at = (quarter * GOLDEN_BYTES) / 4; at < end; at++) {
      const bit = 1 << random.below(8);
      image[at]! ^= bit;
      await checkDamaged(image, whole, `bit ${bit} of byte ${at}`, tally);
      image[at]! ^= bit;
    }
    t.diagnostic(`${image.length} bytes; ${JSON.stringify(tally)}`);
    assert.equal(tally.refused, 0, 'one flipped bit is never a file that cannot be opened');
    assert.ok(tally.right + tally.reported >= GOLDEN_BYTES / 4);
  });
}
