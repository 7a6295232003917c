/**
 * LZ4 frames (lz4_Frame_format.md), which is what Arrow's LZ4 compression is. The checksums are left to Arrow's readers,
 * none of which looks at them; what does not make sense is an error.
 */
const MAGIC = 0x184d2204;
const BLOCK_BYTES: Readonly<Record<number, number>> = { 4: 1 << 16, 5: 1 << 18, 6: 1 << 20, 7: 1 << 22 };

/** @throws Error if the bytes are no LZ4 frame */
export function decodeLz4Frame(input: Uint8Array): Uint8Array {
  const view = new DataView(input.buffer, input.byteOffset, input.byteLength);
  if (input.length < 7 || view.getUint32(0, true) !== MAGIC) throw new Error('these bytes are no LZ4 frame');
  const flags = input[4]!;
  if (flags >> 6 !== 1) throw new Error(`LZ4 frame of version ${flags >> 6}; 1 is known`);
  const blockBytes = BLOCK_BYTES[(input[5]! >> 4) & 7];
  if (blockBytes === undefined) throw new Error(`LZ4 block size ${(input[5]! >> 4) & 7} is unknown`);
  const hasBlockChecksum = (flags & 0x10) !== 0;
  let at = 6 + ((flags & 8) !== 0 ? 8 : 0) + ((flags & 1) !== 0 ? 4 : 0) + 1;
  let output = new Uint8Array(blockBytes);
  let length = 0;
  for (;;) {
    if (at + 4 > input.length)
      throw new Error(`LZ4 frame of ${input.length} bytes ends within a block's head`);
    const head = view.getUint32(at, true);
    at += 4;
    if (head === 0) return output.subarray(0, length);
    const size = head & 0x7fffffff;
    if (at + size > input.length) throw new Error(`LZ4 block of ${size} bytes reaches beyond its frame`);
    if (length + blockBytes > output.length) {
      const larger = new Uint8Array(Math.max(output.length * 2, length + blockBytes));
      larger.set(output.subarray(0, length));
      output = larger;
    }
    const block = input.subarray(at, at + size);
    if (head >>> 31 === 1) {
      if (size > blockBytes) throw new Error(`LZ4 block of ${size} bytes is larger than its frame allows`);
      output.set(block, length);
      length += size;
    } else length = decodeBlock(block, output, length, length + blockBytes);
    at += size + (hasBlockChecksum ? 4 : 0);
  }
}

/** @returns where the output ends; matches may reach back into the blocks before */
function decodeBlock(input: Uint8Array, output: Uint8Array, from: number, limit: number): number {
  let to = from;
  let at = 0;
  const readLength = (nibble: number): number => {
    let length = nibble;
    if (nibble < 15) return length;
    for (;;) {
      const byte = input[at++];
      if (byte === undefined) throw new Error('LZ4 block ends within a length');
      length += byte;
      if (byte < 255) return length;
    }
  };
  while (at < input.length) {
    const token = input[at++]!;
    const literals = readLength(token >> 4);
    if (at + literals > input.length || to + literals > limit) throw new Error('LZ4 literals reach too far');
    output.set(input.subarray(at, at + literals), to);
    at += literals;
    to += literals;
    if (at === input.length) return to;
    const offset = input[at]! | (input[at + 1]! << 8);
    at += 2;
    const length = readLength(token & 15) + 4;
    if (at > input.length || offset === 0 || offset > to || to + length > limit) {
      throw new Error(`LZ4 match of ${length} bytes at ${to} − ${offset} reaches too far`);
    }
    // A match may overlap what it makes: byte by byte.
    for (let i = 0; i < length; i++, to++) output[to] = output[to - offset]!;
  }
  return to;
}
