import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decodeLz4Frame } from '../../../src/main/arrow/lz4-frame.ts';

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');

describe('an LZ4 frame', () => {
  // Taken apart by hand from the format's description: magic, FLG, BD, HC, then blocks.
  it('gives blocks that are stored, and matches that overlap what they make', () => {
    assert.equal(
      Buffer.from(decodeLz4Frame(hex('04224d18 6040 82 03000080 616263 00000000'))).toString(),
      'abc',
    );
    // a literal "ab", then a match of 10 bytes 2 back, then "!" as the last literals
    const block = '26 6162 0200 10 21';
    const frame = hex(`04224d18 6040 82 07000000 ${block} 00000000`);
    assert.equal(Buffer.from(decodeLz4Frame(frame)).toString(), 'abababababab!');
  });

  it('that is cut at any byte, or reaches out of itself, is an error', () => {
    const frame = hex('04224d18 6040 82 07000000 26 6162 0200 10 21 00000000');
    for (let length = 0; length < frame.length; length++)
      assert.throws(() => decodeLz4Frame(frame.subarray(0, length)), /LZ4/, `${length}`);
    for (const bad of [
      '26 6162 0300 10 21',
      '26 6162 0000 10 21',
      '76 6162 0200 10 21',
      '2f 6162 0200 ff ff',
    ])
      assert.throws(() => decodeLz4Frame(hex(`04224d18 6040 82 07000000 ${bad} 00000000`)), /LZ4/, bad);
    assert.throws(() => decodeLz4Frame(hex('04224d18 2040 82 00000000')), /version/);
    assert.throws(() => decodeLz4Frame(hex('04224d18 6000 82 00000000')), /block size/);
  });
});
