import { crc32 } from 'node:zlib';

/**
 * CRC-32 (IEEE) of bytes, going on from `seed`. Works on shared memory without a copy; 3.7 GB/s where it was measured
 * (docs/decisions/0003-checksums.md).
 */
export function checksum(bytes: Uint8Array, seed = 0): number {
  return crc32(bytes as Uint8Array<ArrayBuffer>, seed);
}
