import { ByteSink } from '../format/byte-sink.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import type { ColumnType } from '../schema/types.ts';
import { RUN_LENGTHS } from './codec-ids.ts';
import type { ColumnSource } from './column-data.ts';
import { ColumnTarget, widthInWords } from './column-target.ts';
import { damaged } from './damage.ts';
import * as scratch from './scratch.ts';
import { headBytes, openVector } from './vector-header.ts';

// Constants of this module for speed: see scratch.ts.
const { stagedBytes, stagedWords, statisticsBytes, validityBits } = scratch;

/**
 * Run lengths: values that repeat are kept once, as a vector of their own, and how often each does as a vector of i32. Tried
 * where a sample of neighbours says that most are equal.
 */
const SAMPLE = 32;
/** Of the sampled neighbours, so many must be equal; and there must be so many rows a run. */
const EQUAL_MIN = 26;
const RUN_ROWS_MIN = 6;
const ROWS_MIN = 64;

/** Sends the vectors that a vector is made of; passed in, as they are encoded by what encodes vectors. */
export type EncodeNested = (out: ByteSink, source: ColumnSource, count: number) => void;

const runWords = new Int32Array(2 * VECTOR_ROWS);
const runBytes = new Uint8Array(runWords.buffer);
const lengths = new Int32Array(VECTOR_ROWS);
const keptValidity = new Uint8Array(validityBits.length);
const keptStatistics = new Uint8Array(statisticsBytes.length);
const trial = new ByteSink(1 << 14);
let runs = 0;

/** Finds the runs of `count` staged values of a number type or bool. False if they are not worth it. */
export function findRunLengths(kind: ColumnType, count: number): boolean {
  if (count < ROWS_MIN) return false;
  const words = kind === 'bool' ? 0 : widthInWords(kind);
  // Of most columns few neighbours are equal, which a handful of them tells.
  let mayDiffer = SAMPLE - EQUAL_MIN;
  for (let i = 0; i < SAMPLE; i++) {
    const at = 1 + Math.floor((i * (count - 1)) / SAMPLE);
    if (!isSame(words, at, at - 1) && mayDiffer-- === 0) return false;
  }
  runs = 0;
  const most = count / RUN_ROWS_MIN;
  for (let i = 0; i < count; i++) {
    if (i > 0 && isSame(words, i, i - 1)) {
      lengths[runs - 1]++;
      continue;
    }
    if (runs >= most) return false;
    if (words === 0) runBytes[runs] = stagedBytes[i];
    else if (words === 1) runWords[runs] = stagedWords[i];
    else {
      runWords[2 * runs] = stagedWords[2 * i];
      runWords[2 * runs + 1] = stagedWords[2 * i + 1];
    }
    lengths[runs++] = 1;
  }
  // A single run is a constant.
  return runs > 1;
}

/** Puts the runs that were found in the place of the vector that `out` has from `start` on, if they take fewer bytes. */
export function tryRunLengths(
  out: ByteSink,
  start: number,
  kind: ColumnType,
  count: number,
  present: number,
  hasStatistics: boolean,
  encodeNested: EncodeNested,
): void {
  const runCount = runs;
  // The nested vectors have neither, but they are made in the same scratch.
  keptValidity.set(validityBits);
  keptStatistics.set(statisticsBytes);
  trial.clear();
  encodeNested(trial, { kind, isTime: false, ...bare, values: runValues(kind, runCount) }, runCount);
  encodeNested(trial, { kind: 'i32', isTime: false, ...bare, values: lengths }, runCount);
  validityBits.set(keptValidity);
  statisticsBytes.set(keptStatistics);
  const size = headBytes(count, present, hasStatistics) + trial.length;
  if (size >= out.length - start) return;
  out.length = start;
  const at = openVector(out, RUN_LENGTHS, count, present, trial.length, hasStatistics);
  out.bytes.set(trial.written(), at);
}

const bare = { validity: undefined, arena: undefined };

/** The first value of each run, under its type. */
function runValues(kind: ColumnType, count: number): ColumnSource['values'] {
  const { buffer } = runWords;
  switch (kind) {
    case 'f64':
      return new Float64Array(buffer, 0, count);
    case 'f32':
      return new Float32Array(buffer, 0, count);
    case 'i64':
      return new BigInt64Array(buffer, 0, count);
    case 'i32':
      return new Int32Array(buffer, 0, count);
    default:
      return new Uint8Array(buffer, 0, count);
  }
}

/** Whether two staged values have the same bits; `words` is 0 for bytes. */
function isSame(words: 0 | 1 | 2, a: number, b: number): boolean {
  if (words === 0) return stagedBytes[a] === stagedBytes[b];
  if (words === 1) return stagedWords[a] === stagedWords[b];
  return stagedWords[2 * a] === stagedWords[2 * b] && stagedWords[2 * a + 1] === stagedWords[2 * b + 1];
}

/** Decodes one vector into a target; passed in, as what decodes vectors decodes these too. */
export type DecodeNested = (bytes: Uint8Array, offset: number, target: ColumnTarget, count: number) => number;

const lengthTarget = new ColumnTarget('i32', false, false, VECTOR_ROWS);
const runTargets = new Map<ColumnType, ColumnTarget>();

/** Reads `count` values to `row` of the target; returns where they end. Throws DAMAGED. */
export function decodeRunLengths(
  bytes: Uint8Array,
  at: number,
  end: number,
  target: ColumnTarget,
  row: number,
  count: number,
  decodeNested: DecodeNested,
): number {
  const { type } = target;
  let values = runTargets.get(type);
  if (values === undefined)
    runTargets.set(type, (values = new ColumnTarget(type, false, false, VECTOR_ROWS)));
  // How many runs there are, only the vector of their values says.
  const runCount = at + 4 <= end ? bytes[at + 2] | (bytes[at + 3] << 8) : 0;
  const lengthsAt = decodeNested(bytes, at, values, runCount);
  const next = decodeNested(bytes, lengthsAt, lengthTarget, runCount);
  if (next > end) throw damaged(at, `runs end at ${next}, the vector at ${end}`);
  let to = row;
  for (let i = 0; i < runCount; i++) {
    const length = lengthTarget.words[i];
    if (!(length > 0 && to + length <= row + count)) {
      throw damaged(lengthsAt, `a run of ${length} rows at ${to - row} of ${count}`, { length });
    }
    fillRun(target, values, i, to, to + length);
    to += length;
  }
  if (to !== row + count) throw damaged(lengthsAt, `runs of ${to - row} rows for ${count}`);
  return next;
}

function fillRun(target: ColumnTarget, values: ColumnTarget, run: number, from: number, to: number): void {
  if (target.type === 'bool') target.bytes.fill(values.bytes[run], from, to);
  else if (widthInWords(target.type) === 1) target.words.fill(values.words[run], from, to);
  else {
    const low = values.words[2 * run];
    const high = values.words[2 * run + 1];
    for (let i = 2 * from; i < 2 * to; i += 2) {
      target.words[i] = low;
      target.words[i + 1] = high;
    }
  }
}
