import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type ChunkOwner, OwnerList } from '../../../src/main/append/owner-list.ts';

test('owners are asked in the order in which they opened their chunks, each once', () => {
  const steps = fc.array(fc.record({ what: fc.constantFrom('add', 'remove', 'oldest'), who: fc.nat(6) }));
  fc.assert(
    fc.property(steps, (list) => {
      const owners = new OwnerList();
      const asked: number[] = [];
      const all = Array.from({ length: 7 }, (_, i) => {
        const owner: ChunkOwner = {
          older: undefined,
          newer: undefined,
          sendChunk: () => {
            asked.push(i);
            owners.remove(owner);
          },
        };
        return owner;
      });
      let model: number[] = [];
      for (const { what, who } of list) {
        if (what !== 'oldest') {
          model = model.filter((other) => other !== who);
          if (what === 'add') model.push(who);
          owners[what as 'add' | 'remove'](all[who]!);
          continue;
        }
        const expected = model.shift();
        assert.equal(owners.sendOldest(), model.length > 0);
        assert.equal(asked.pop(), expected);
      }
      owners.sendAll();
      assert.deepEqual(asked, model);
    }),
  );
});
