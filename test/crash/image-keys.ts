import { crc32 } from 'node:zlib';

const SECTOR_BYTES = 512;

/**
 * Names images by their bytes: equal images have equal keys. A key is made of the sectors' checksums, so that of an image
 * which differs from a known one in a few sectors costs only those.
 */
export class ImageKeys {
  private sectors: Uint32Array;
  private sumA = 0;
  private sumB = 0;

  constructor(base: Uint8Array) {
    this.sectors = new Uint32Array(Math.ceil(base.length / SECTOR_BYTES));
    for (let i = 0; i < this.sectors.length; i++) this.sectors[i] = checksumOf(base, i);
    for (const [i, crc] of this.sectors.entries()) this.add(i, crc, 1);
  }

  /** The key of an image that differs from the base only in these sectors and in what is behind the base's end. */
  keyOf(image: Uint8Array, touched: Iterable<number>): string {
    const { sumA, sumB } = this;
    const count = Math.ceil(image.length / SECTOR_BYTES);
    for (const i of this.differing(count, touched)) {
      if (i < this.sectors.length) this.add(i, this.sectors[i]!, -1);
      if (i < count) this.add(i, checksumOf(image, i), 1);
    }
    const key = `${image.length} ${this.sumA} ${this.sumB}`;
    this.sumA = sumA;
    this.sumB = sumB;
    return key;
  }

  /** Takes such an image as the base of those that come. */
  rebase(image: Uint8Array, touched: Iterable<number>): void {
    const old = this.sectors;
    const count = Math.ceil(image.length / SECTOR_BYTES);
    if (count !== old.length) {
      this.sectors = new Uint32Array(count);
      this.sectors.set(old.subarray(0, count));
    }
    for (const i of this.differing(count, touched, old.length)) {
      if (i < old.length) this.add(i, old[i]!, -1);
      if (i >= count) continue;
      this.sectors[i] = checksumOf(image, i);
      this.add(i, this.sectors[i]!, 1);
    }
  }

  /** Sectors that may differ between the base and an image of so many sectors. */
  private differing(count: number, touched: Iterable<number>, before = this.sectors.length): Set<number> {
    // Where the lengths differ, the last common sector may be cut as well.
    const sectors = new Set(touched);
    for (let i = Math.max(0, Math.min(count, before) - 1); i < Math.max(count, before); i++) sectors.add(i);
    return sectors;
  }

  private add(sector: number, crc: number, sign: 1 | -1): void {
    this.sumA = (this.sumA + sign * mixed(crc ^ Math.imul(sector + 1, 0x9e37_79b1))) >>> 0;
    this.sumB = (this.sumB + sign * mixed(Math.imul(crc, 0x85eb_ca6b) + sector)) >>> 0;
  }
}

/** Which sectors a range of bytes lies in. */
export function sectorsOf(position: number, bytes: number): number[] {
  const first = Math.floor(position / SECTOR_BYTES);
  const last = Math.floor((position + Math.max(bytes, 1) - 1) / SECTOR_BYTES);
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}

function checksumOf(image: Uint8Array, sector: number): number {
  return crc32(image.subarray(sector * SECTOR_BYTES, (sector + 1) * SECTOR_BYTES));
}

/** The finalizer of MurmurHash3 (Austin Appleby). */
function mixed(n: number): number {
  let h = Math.imul(n ^ (n >>> 16), 0x85eb_ca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2_ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
