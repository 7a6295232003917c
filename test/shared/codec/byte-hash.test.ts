import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hashBytes, hashShort, sameBytes } from '../../../src/shared/codec/byte-hash.ts';

const hashOf = (text: string, lead: number): number => {
  const bytes = Buffer.from('#'.repeat(lead) + text);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  return hashBytes(bytes, view, lead, bytes.length - lead) >>> 0;
};

test('the hash is MurmurHash3_x86_32, at any alignment', () => {
  for (const lead of [0, 1, 2, 3]) {
    assert.equal(hashOf('', lead), 0);
    assert.equal(hashOf('test', lead), 0xba6bd213);
    assert.equal(hashOf('Hello, world!', lead), 0xc0363e43);
    assert.equal(hashOf('The quick brown fox jumps over the lazy dog', lead), 0x2e4ff723);
  }
});

test('values of up to three bytes never share a hash, lengths told apart', () => {
  const seen = new Set<number>();
  const bytes = new Uint8Array(3);
  seen.add(hashShort(bytes, 0, 0));
  for (let word = 0; word < 65_536; word++) {
    bytes.set([word & 0xff, word >>> 8, 0]);
    if (word < 256) seen.add(hashShort(bytes, 0, 1));
    seen.add(hashShort(bytes, 0, 2));
    seen.add(hashShort(bytes, 0, 3));
  }
  assert.equal(seen.size, 1 + 256 + 2 * 65_536);
});

test('bytes are the same only if all of them are', () => {
  const bytes = Uint8Array.from([1, 2, 3, 4, 5, 6, 7, 1, 2, 3, 4, 5, 6, 9]);
  const view = new DataView(bytes.buffer);
  assert.equal(sameBytes(bytes, view, 0, 7, 6), true);
  assert.equal(sameBytes(bytes, view, 0, 7, 7), false);
  assert.equal(sameBytes(bytes, view, 0, 8, 4), false);
  assert.equal(sameBytes(bytes, view, 0, 8, 0), true);
});
