import { invariant, MillraceError } from '../../shared/errors.ts';
import { damaged, getSafe64, setSafe64, viewOf } from '../../shared/format/fields.ts';
import type { Extent } from '../../shared/format/root.ts';
import type { Storage } from '../../shared/storage/storage.ts';

/** Bytes that nothing refers to. `freedBy`: the checkpoint that let go of them, 0 once they may be used again. */
export interface FreeRange extends Extent {
  readonly freedBy: number;
}

/** docs/format.md, section 3.4. */
export const FREE_ENTRY_BYTES = 24;

/** Which bytes of the file are free. Ranges are kept sorted and apart. */
export class FreeSpace {
  private ranges: FreeRange[];
  /** End of the used part of the file: what lies beyond is free without being listed. */
  end: number;
  /** Where the file may end at most. */
  limit = Number.POSITIVE_INFINITY;
  /** Whether `allot` goes beyond the limit where there is no other way, as opening a file must that has no room left. */
  isOpening = false;

  constructor(ranges: readonly FreeRange[], end: number) {
    this.ranges = [...ranges].sort((a, b) => a.offset - b.offset);
    this.end = end;
    this.merge();
  }

  /**
   * Takes `bytes` from the lowest place that has room, so that the file's tail can be cut; else lets the file grow.
   * @throws OUT_OF_SPACE if that would take it beyond its limit
   */
  allot(bytes: number): Extent {
    const extent =
      this.tryAllot(bytes) ?? (this.isOpening ? this.grow(bytes, Number.POSITIVE_INFINITY) : undefined);
    if (extent !== undefined) return extent;
    throw new MillraceError(
      'OUT_OF_SPACE',
      `maxBytes leaves no room for ${bytes} bytes; open the database with a larger one`,
      { bytes, end: this.end, limit: this.limit },
    );
  }

  /** As `allot`; undefined if there is no room. */
  tryAllot(bytes: number): Extent | undefined {
    invariant(bytes > 0 && bytes % 8 === 0, 'extents are multiples of 8 bytes');
    const found = this.ranges.findIndex((range) => range.freedBy === 0 && range.bytes >= bytes);
    if (found < 0) return this.grow(bytes);
    const range = this.ranges[found]!;
    if (range.bytes === bytes) this.ranges.splice(found, 1);
    else this.ranges[found] = { ...range, offset: range.offset + bytes, bytes: range.bytes - bytes };
    return { offset: range.offset, bytes };
  }

  /** Takes `bytes` where the file ends now, a free range before that included. */
  private grow(bytes: number, limit = this.limit): Extent | undefined {
    const tail = this.tailBytes();
    const offset = this.end - tail;
    if (offset + bytes > limit) return undefined;
    if (tail > 0) this.ranges.pop();
    this.end = offset + bytes;
    return { offset, bytes };
  }

  /** Bytes that may be used now, those included by which the file may grow. @param least of a run that counts */
  usableBytes(least = 0): number {
    let bytes = this.limit - this.end;
    for (const range of this.ranges) if (range.freedBy === 0 && range.bytes >= least) bytes += range.bytes;
    return bytes;
  }

  /** The longest run of bytes that may be used now. */
  longestRun(): number {
    const longest = this.ranges.reduce((most, r) => (r.freedBy === 0 && r.bytes > most ? r.bytes : most), 0);
    return Math.max(longest, this.limit - this.end + this.tailBytes());
  }

  /** Where `allot` would put so many bytes without letting the file grow. */
  placeFor(bytes: number): number | undefined {
    return this.ranges.find((range) => range.freedBy === 0 && range.bytes >= bytes)?.offset;
  }

  /** Takes `bytes` from the lowest place that has room, if that lies before `offset`. */
  allotBelow(bytes: number, offset: number): Extent | undefined {
    const found = this.ranges.find((range) => range.freedBy === 0 && range.bytes >= bytes);
    return found === undefined || found.offset + bytes > offset ? undefined : this.allot(bytes);
  }

  /** Whether any of these bytes is free. */
  overlaps({ offset, bytes }: Extent): boolean {
    const at = this.placeOf(offset + bytes);
    const before = this.ranges[at - 1];
    return before !== undefined && before.offset + before.bytes > offset;
  }

  /** Free bytes at the end of the file, which could be cut off. */
  tailBytes(): number {
    const last = this.ranges.at(-1);
    return last !== undefined && last.freedBy === 0 && last.offset + last.bytes === this.end ? last.bytes : 0;
  }

  /** Bytes that a checkpoint let go of and that may not be used again yet. */
  unsettledBytes(): number {
    return this.ranges.reduce((sum, range) => sum + (range.freedBy === 0 ? 0 : range.bytes), 0);
  }

  /** Gives bytes back. `freedBy` 0: nothing durable ever referred to them. */
  free(extent: Extent, freedBy: number): void {
    if (extent.bytes === 0) return;
    const at = this.placeOf(extent.offset);
    const before = this.ranges[at - 1];
    const after = this.ranges[at];
    invariant(
      (before === undefined || before.offset + before.bytes <= extent.offset) &&
        (after === undefined || extent.offset + extent.bytes <= after.offset) &&
        extent.offset + extent.bytes <= this.end,
      'nothing is freed twice',
    );
    this.ranges.splice(at, 0, { offset: extent.offset, bytes: extent.bytes, freedBy });
  }

  /** Takes bytes out of the free ones, as far as they are among them. */
  subtract(extent: Extent): void {
    const end = extent.offset + extent.bytes;
    this.end = Math.max(this.end, end);
    const kept: FreeRange[] = [];
    for (const range of this.ranges) {
      const rangeEnd = range.offset + range.bytes;
      if (rangeEnd <= extent.offset || range.offset >= end) {
        kept.push(range);
        continue;
      }
      if (range.offset < extent.offset) kept.push({ ...range, bytes: extent.offset - range.offset });
      if (rangeEnd > end) kept.push({ ...range, offset: end, bytes: rangeEnd - end });
    }
    this.ranges = kept;
  }

  /** Lets bytes freed by checkpoints below `limit` be used again. @param kept bytes that stay as they are all the same */
  settle(limit: number, kept: readonly Extent[] = []): void {
    const sorted = [...kept].sort((a, b) => a.offset - b.offset);
    this.ranges = this.ranges.flatMap((range) =>
      range.freedBy === 0 || range.freedBy >= limit ? range : settled(range, sorted),
    );
    this.merge();
  }

  /** Cuts free bytes off the end. @returns the new end */
  shrink(): number {
    for (let last = this.ranges.at(-1); last !== undefined; last = this.ranges.at(-1)) {
      if (last.freedBy !== 0 || last.offset + last.bytes !== this.end) break;
      this.end = last.offset;
      this.ranges.pop();
    }
    return this.end;
  }

  list(): readonly FreeRange[] {
    return this.ranges;
  }

  bytes(): number {
    return this.ranges.reduce((sum, range) => sum + range.bytes, 0);
  }

  private placeOf(offset: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.ranges[middle]!.offset < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private merge(): void {
    const merged: FreeRange[] = [];
    for (const range of this.ranges) {
      const last = merged.at(-1);
      if (last !== undefined && last.freedBy === range.freedBy && last.offset + last.bytes === range.offset) {
        merged[merged.length - 1] = { ...last, bytes: last.bytes + range.bytes };
      } else if (range.bytes > 0) merged.push(range);
    }
    this.ranges = merged;
  }
}

/** A range that may be used again, but for what lies in the extents `kept`, which are in order. */
function settled(range: FreeRange, kept: readonly Extent[]): FreeRange[] {
  const parts: FreeRange[] = [];
  const end = range.offset + range.bytes;
  let at = range.offset;
  for (const { offset, bytes } of kept) {
    const from = Math.max(at, offset);
    const to = Math.min(end, offset + bytes);
    if (from >= to) continue;
    if (from > at) parts.push({ offset: at, bytes: from - at, freedBy: 0 });
    parts.push({ offset: from, bytes: to - from, freedBy: range.freedBy });
    at = to;
  }
  if (at < end) parts.push({ offset: at, bytes: end - at, freedBy: 0 });
  return parts;
}

/** Cuts free bytes off the end of a file. The end may lie behind what was ever written: then there is nothing to cut. */
export function cutTail(storage: Storage, space: FreeSpace): void {
  const end = space.shrink();
  if (end < storage.length()) storage.truncate(end);
}

export function encodeFree(ranges: readonly FreeRange[]): Uint8Array {
  const bytes = new Uint8Array(ranges.length * FREE_ENTRY_BYTES);
  const view = viewOf(bytes);
  ranges.forEach((range, i) => {
    setSafe64(view, i * FREE_ENTRY_BYTES, range.offset);
    setSafe64(view, i * FREE_ENTRY_BYTES + 8, range.bytes);
    setSafe64(view, i * FREE_ENTRY_BYTES + 16, range.freedBy);
  });
  return bytes;
}

/** @throws DAMAGED */
export function decodeFree(payload: Uint8Array, count: number): FreeRange[] {
  if (payload.length !== count * FREE_ENTRY_BYTES) throw damaged('a free page has the wrong length');
  const view = viewOf(payload);
  return Array.from({ length: count }, (_, i) => ({
    offset: getSafe64(view, i * FREE_ENTRY_BYTES, 'free range'),
    bytes: getSafe64(view, i * FREE_ENTRY_BYTES + 8, 'free range'),
    freedBy: getSafe64(view, i * FREE_ENTRY_BYTES + 16, 'checkpoint'),
  }));
}
