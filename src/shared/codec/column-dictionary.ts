import type { ByteSink } from '../format/byte-sink.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { encodeVector } from './choose.ts';
import { COLUMN_DICTIONARY, NONE, PLACES } from './codec-ids.ts';
import type { ColumnSource } from './column-data.ts';
import * as scratch from './scratch.ts';
import { stage } from './stage.ts';
import { measureStatistics, STATISTICS_ROWS_MIN } from './statistics.ts';
import { IS_WHOLE, openVector, VECTOR_HEADER_BYTES } from './vector-header.ts';

const { stagedWords } = scratch;

/**
 * Column dictionary: the distinct values of all of a column's vectors, and each value's place among them as a vector of i32.
 * Numbers are sorted, so that the places rise and fall as the values do and are small integers where those are doubles with
 * bits of their own. Real measurements often have few hundred distinct values, whatever their bits.
 */
const ENTRIES_MAX = 16_384;
/** With more entries than one in so many rows it is given up. */
const ROWS_PER_ENTRY = 3;
const FIRST_ROWS = 192;
const FIRST_ENTRIES = 128;
/** A segment whose first vector has so many distinct values will have too many: chance alone would give 854 of 1,024. */
const FIRST_VECTOR_ENTRIES = 900;
/** With so many, and so few bytes a value without a dictionary, there is next to nothing to gain. */
const MANY_ENTRIES = 800;
const FEW_BYTES = 2;

/** What a column's rows are in terms of its dictionary. */
interface Places {
  readonly entries: ColumnSource;
  readonly count: number;
  /** Of the present values, in order. */
  readonly places: Int32Array;
}

/**
 * Appends a column with a dictionary.
 * @param limit bytes that it must stay below; it may give up with something appended
 * @returns false if it has too many distinct values or is not below the limit
 */
export function encodeWithDictionary(
  out: ByteSink,
  source: ColumnSource,
  from: number,
  count: number,
  limit: number,
): boolean {
  const most = Math.min(ENTRIES_MAX, Math.floor(count / ROWS_PER_ENTRY));
  const isRun = source.kind === 'utf8' || source.kind === 'bytes';
  const found = isRun
    ? placesOfRuns(source, from, count, most)
    : placesOfFloats(source, from, count, most, limit);
  if (found === undefined) return false;
  writeDictionary(out, found);
  const placeSource: ColumnSource = {
    kind: 'i32',
    isTime: false,
    values: found.places,
    validity: undefined,
    arena: undefined,
  };
  let next = 0;
  for (let row = from; row < from + count && out.length < limit; row += VECTOR_ROWS) {
    const rows = Math.min(VECTOR_ROWS, from + count - row);
    const present = stage(source, row, rows);
    if (present === 0) {
      openVector(out, NONE, rows, 0, 0);
      continue;
    }
    const hasStatistics = !isRun && present >= STATISTICS_ROWS_MIN && measureStatistics(source.kind, present);
    const start = out.length;
    openVector(out, PLACES, rows, present, 0, hasStatistics);
    encodeVector(out, placeSource, next, present, false);
    out.view.setUint32(start + 4, out.length - start - VECTOR_HEADER_BYTES, true);
    next += present;
  }
  return out.length < limit;
}

function writeDictionary(out: ByteSink, { count, entries }: Places): void {
  const at = out.reserve(VECTOR_HEADER_BYTES + 8);
  out.bytes.fill(0, at, at + VECTOR_HEADER_BYTES + 8);
  out.bytes[at] = COLUMN_DICTIONARY;
  out.bytes[at + 1] = IS_WHOLE;
  out.view.setUint32(at + 8, count, true);
  for (let row = 0; row < count; row += VECTOR_ROWS) {
    encodeVector(out, entries, row, Math.min(VECTOR_ROWS, count - row), false);
  }
  out.view.setUint32(at + 4, out.length - at - VECTOR_HEADER_BYTES, true);
}

/** Distinct doubles or singles by their bits, sorted. */
function placesOfFloats(
  source: ColumnSource,
  from: number,
  count: number,
  most: number,
  limit: number,
): Places | undefined {
  const width = source.kind === 'f64' ? 2 : 1;
  const slots = new Int32Array(2 ** Math.ceil(Math.log2(4 * most + 4)));
  const mask = slots.length - 1;
  const words = new Int32Array(width * most);
  const order = new Int32Array(count);
  let size = 0;
  let total = 0;
  for (let row = from; row < from + count; row += VECTOR_ROWS) {
    const present = stage(source, row, Math.min(VECTOR_ROWS, from + count - row));
    for (let i = 0; i < present; i++) {
      const low = stagedWords[width * i];
      const high = width === 2 ? stagedWords[2 * i + 1] : 0;
      let slot = hashOf(low, high) & mask;
      let entry = slots[slot] - 1;
      while (entry >= 0 && (words[width * entry] !== low || (width === 2 && words[2 * entry + 1] !== high))) {
        slot = (slot + 1) & mask;
        entry = slots[slot] - 1;
      }
      if (entry < 0) {
        // Within one vector most columns that are tried have no few values, which shows soon.
        if (size === most || (count <= VECTOR_ROWS && size > FIRST_ENTRIES && total < FIRST_ROWS))
          return undefined;
        entry = size++;
        slots[slot] = size;
        words[width * entry] = low;
        if (width === 2) words[2 * entry + 1] = high;
      }
      order[total++] = entry;
    }
    if (row === from && size > (limit < FEW_BYTES * count ? MANY_ENTRIES : FIRST_VECTOR_ENTRIES))
      return undefined;
  }
  if (size === 0) return undefined;
  const floats =
    width === 2 ? new Float64Array(words.buffer, 0, size) : new Float32Array(words.buffer, 0, size);
  const sorted = Array.from({ length: size }, (_, i) => i).sort((a, b) =>
    compare(floats, words, width, a, b),
  );
  const rank = new Int32Array(size);
  const values = new Int32Array(width * size);
  sorted.forEach((entry, i) => {
    rank[entry] = i;
    for (let w = 0; w < width; w++) values[width * i + w] = words[width * entry + w];
  });
  for (let i = 0; i < total; i++) order[i] = rank[order[i]];
  const entries: ColumnSource = {
    kind: source.kind,
    isTime: false,
    values: width === 2 ? new Float64Array(values.buffer) : new Float32Array(values.buffer),
    validity: undefined,
    arena: undefined,
  };
  return { entries, count: size, places: order };
}

/** By value, then by bits, which is an order of NaNs and zeros too. */
function compare(
  floats: Float64Array | Float32Array,
  words: Int32Array,
  width: number,
  a: number,
  b: number,
): number {
  const byValue = floats[a] - floats[b];
  if (byValue < 0 || byValue > 0) return byValue;
  const byHigh = words[width * a + width - 1] - words[width * b + width - 1];
  return byHigh === 0 ? words[width * a] - words[width * b] : byHigh;
}

/** Distinct strings or byte arrays, in order of first appearance. */
function placesOfRuns(source: ColumnSource, from: number, count: number, most: number): Places | undefined {
  const arena = source.arena as Uint8Array;
  // Under Buffer's names; it copies nothing.
  const buffer = Buffer.from(arena.buffer as ArrayBuffer, arena.byteOffset, arena.length);
  const known = new Map<string, number>();
  const pairs: number[] = [];
  const order = new Int32Array(count);
  let total = 0;
  for (let row = from; row < from + count; row += VECTOR_ROWS) {
    const present = stage(source, row, Math.min(VECTOR_ROWS, from + count - row));
    for (let i = 0; i < present; i++) {
      const start = stagedWords[2 * i];
      const length = stagedWords[2 * i + 1];
      const key = buffer.toString('latin1', start, start + length);
      let entry = known.get(key);
      if (entry === undefined) {
        if (known.size === most) return undefined;
        entry = known.size;
        known.set(key, entry);
        pairs.push(start, length);
      }
      order[total++] = entry;
    }
  }
  if (known.size === 0) return undefined;
  const entries = { ...source, values: Uint32Array.from(pairs), validity: undefined };
  return { entries, count: known.size, places: order };
}

function hashOf(low: number, high: number): number {
  let hash = Math.imul(low ^ (high << 7) ^ (high >>> 25), 0x9e3779b1);
  hash ^= Math.imul(high ^ (hash >>> 15), 0x85ebca6b);
  return hash ^ (hash >>> 13);
}
