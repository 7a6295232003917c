import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../support/model-values.ts';
import { checkDamaged, goldenImage, showAll, type Tally } from './golden.ts';

for (const isClosed of [true, false]) {
  const kind = isClosed ? 'that was closed' : 'with an open log';
  test(`a database ${kind} with sectors zeroed, swapped or doubled, or rubbish behind its end: right rows, or a loss that is reported`, async (t) => {
    Error.stackTraceLimit = 0;
    const image = await goldenImage(isClosed);
    const whole = (await showAll(image))!;
    const random = new Random(2);
    const tally: Tally = { right: 0, reported: 0, refused: 0 };
    const sectors = Math.floor(image.length / 512);
    for (let i = 0; i < 240; i++) {
      const copy = image.slice();
      const [a, b] = [random.below(sectors) * 512, random.below(sectors) * 512];
      if (i % 4 === 0) copy.fill(0, a, a + 512);
      else copy.set(image.subarray(b, b + 512), a);
      if (i % 4 >= 2) copy.set(image.subarray(a, a + 512), b);
      await checkDamaged(
        copy,
        whole,
        `${['zeroed', 'doubled', 'swapped', 'swapped'][i % 4]} ${a} ${b}`,
        tally,
      );
    }
    for (let bytes = 1; bytes <= 8192; bytes = bytes * 2 + 1) {
      for (const fill of ['rubbish', 'zeros', 'itself']) {
        const longer = new Uint8Array(image.length + bytes);
        longer.set(image);
        if (fill === 'rubbish') for (let k = 0; k < bytes; k++) longer[image.length + k] = random.below(256);
        if (fill === 'itself') longer.set(image.subarray(8192, 8192 + bytes), image.length);
        const before = tally.right;
        await checkDamaged(longer, whole, `${bytes} bytes of ${fill} behind the end`, tally);
        assert.equal(tally.right, before + 1, 'what is behind the end is nothing');
      }
    }
    t.diagnostic(JSON.stringify(tally));
    assert.ok(tally.right > 0 && tally.reported > 0);
  });
}
