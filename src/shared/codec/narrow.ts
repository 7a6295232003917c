import { kernels } from '../kernels/kernels.ts';
import { packedSize } from './bit-packing.ts';
import { DELTA, FRAME_OF_REFERENCE, LINEAR } from './codec-ids.ts';
import type { ColumnTarget } from './column-target.ts';
import { POWERS } from './decimal.ts';
import { form, putExceptions, readForm } from './form.ts';
import { readWhole } from './int64.ts';
import { head, IS_SINGLE, readHead } from './integer-head.ts';
import { putPatches, readPatches } from './patches.ts';
import { SUM_LIMIT } from './residuals.ts';
import * as scratch from './scratch.ts';
import { NARROW_MAX } from './unpack-tables.ts';

// Constants of this module for speed: see scratch.ts.
const { narrowNumbers, packedBytes, stagedF64 } = scratch;

/** Wider patches make sums of four numbers that are no i32. */
const PATCH_WIDTH_MAX = 28;

/**
 * The short way to decode integers to doubles: most columns are of numbers of up to 25 bits that come to less than 2^52 by what
 * their vector's head says. Then no sum on the way needs a check, and kernels go from the packed bits to the
 * values in two passes, of which the first leaves 4 bytes a number, instead of over residuals.
 *
 * Decodes the values at `at` to `row` of the target, at least those of places from…to - 1, and returns where they end, or −1, with nothing done, if this is not for
 * them: the codec's own way then decodes them, or says what is wrong. Throws DAMAGED.
 */
export function decodeNarrow(
  codec: number,
  bytes: Uint8Array,
  at: number,
  end: number,
  target: ColumnTarget,
  row: number,
  count: number,
  from: number,
  to: number,
): number {
  if (kernels === undefined || target.type !== 'f64') return -1;
  const isDelta = codec === DELTA;
  if (!isDelta && codec !== FRAME_OF_REFERENCE && codec !== LINEAR) return -1;
  const width = bytes[at]!;
  const packedAt = at + (codec === FRAME_OF_REFERENCE ? 16 : 24);
  const total = isDelta ? count - 1 : count;
  const packedEnd = packedAt + packedSize(total, width);
  if (width > NARROW_MAX || packedEnd > end) return -1;
  readHead(bytes, at, count);
  if ((head.form & IS_SINGLE) !== 0 || (head.patches > 0 && head.patchWidth > PATCH_WIDTH_MAX)) return -1;
  const base = readWhole(bytes, at + 8);
  const step = codec === FRAME_OF_REFERENCE ? 0 : readWhole(bytes, at + 16);
  const most = 2 ** Math.max(width, head.patches > 0 ? head.patchWidth : 0);
  // Not so if the base or the step is NaN.
  if (!(Math.abs(base) + (Math.abs(step) + most) * (count + 4) < SUM_LIMIT)) return -1;

  const patchesEnd = head.patches > 0 ? readPatches(bytes, packedEnd, end, total, at) : packedEnd;
  const next = readForm(bytes, at, patchesEnd, end, count, target);
  // Differences are summed from the first one on; other numbers stand alone, and each eighth begins at a whole byte.
  const start = isDelta ? 0 : from & ~7;
  const stop = Math.min(to, count);
  const numbersAt = scratch.NUMBERS_AT + 4 * start;
  const out = scratch.STAGED_AT + 8 * start;
  const packed = placeOf(bytes, packedAt, packedEnd) + (start >>> 3) * width;
  kernels.unpackNarrow(packed, Math.min(stop, total) - start, width, 0, 0, scratch.TABLES_AT, numbersAt);
  putPatches(narrowNumbers);
  const power = POWERS[form.decimals]!;
  if (isDelta) kernels.narrowDelta(numbersAt, stop, base, step, power, out);
  else if (codec === LINEAR)
    kernels.narrowLine(numbersAt, stop - start, base + step * start, step, power, out);
  else kernels.narrowFrame(numbersAt, stop - start, base, power, out);
  putExceptions(false);
  const isAll = start === 0 && stop === stagedF64.length;
  target.f64.set(isAll ? stagedF64 : stagedF64.subarray(start, stop), row + start);
  return next;
}

/** Where packed bytes lie in the kernels' memory: they are copied there if they do not yet. */
function placeOf(bytes: Uint8Array, at: number, end: number): number {
  if (bytes.buffer === scratch.kernelMemory.buffer) return bytes.byteOffset + at;
  packedBytes.set(bytes.subarray(at, end));
  return scratch.PACKED_AT;
}
