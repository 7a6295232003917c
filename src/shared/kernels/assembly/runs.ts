import { sumOfLanes } from './lanes';
import { HAS_STATISTICS, HEADER_BYTES, narrowVector, STATISTICS_BYTES, VECTOR_ROWS } from './rows';

/**
 * Adds up runs of a column's rows: of a vector that lies within one run its statistics, if it has them, of others what each run has
 * of the vector, decoded. It stops at the first vector that is not as `narrowRows` wants it and that matters to a run.
 * @param at where a vector begins, and `end` where the bytes end
 * @param row of the column that the vector begins with
 * @param rows of the column
 * @param from where the first run begins; each begins where the one before ends
 * @param ends one i32 a run, rising: the row after its last one
 * @param sums one f64 a run, to which what it has is added vector by vector, in lanes within each
 * @param extremes two f64 a run, the least and the greatest value so far; 0 if nobody wants them
 * @param values room for a vector
 * @param next receives where the vectors end that are done with
 * @returns the row that the next vector begins with: not before the last run's end if all is done
 */
export function addUpRuns(
  at: usize,
  end: usize,
  row: i32,
  rows: i32,
  from: i32,
  runs: i32,
  ends: usize,
  sums: usize,
  extremes: usize,
  factors: usize,
  tables: usize,
  numbers: usize,
  values: usize,
  next: usize,
): i32 {
  let begin = row;
  let vector = at;
  let start = max<i32>(from, row);
  let run = 0;
  while (run < runs && endOf(ends, run) <= start) run++;
  while (run < runs && begin < rows) {
    if (vector + HEADER_BYTES > end) break;
    const count = min<i32>(VECTOR_ROWS, rows - begin);
    const stop = begin + count;
    const body = <usize>load<u32>(vector, 4);
    if (body > end - vector - HEADER_BYTES) break;
    const flags = <u32>load<u8>(vector, 1);
    const isKnown =
      flags === HAS_STATISTICS && body >= STATISTICS_BYTES && <i32>load<u16>(vector, 2) === count;
    if (isKnown && start === begin && endOf(ends, run) >= stop) {
      add(sums, run, load<f64>(vector, 24));
      if (extremes !== 0) widen(extremes, run, load<f64>(vector, 8), load<f64>(vector, 16));
      start = stop;
      if (endOf(ends, run) === stop) run++;
    } else if (start < stop) {
      if (narrowVector(vector, end, count, false, factors, tables, numbers, values) === 0) break;
      while (run < runs && start < stop) {
        const last = min<i32>(endOf(ends, run), stop);
        const first = values + ((<usize>(start - begin)) << 3);
        add(sums, run, sumOfLanes(first, last - start));
        if (extremes !== 0) addExtremes(extremes, run, first, last - start);
        start = last;
        if (endOf(ends, run) === last) run++;
      }
    }
    begin = stop;
    vector += HEADER_BYTES + body;
  }
  store<u32>(next, <u32>vector);
  return begin;
}

function endOf(ends: usize, run: i32): i32 {
  return load<i32>(ends + ((<usize>run) << 2));
}

function add(sums: usize, run: i32, sum: f64): void {
  const at = sums + ((<usize>run) << 3);
  store<f64>(at, load<f64>(at) + sum);
}

/** NaN, which stands for no value, changes nothing. */
function widen(extremes: usize, run: i32, least: f64, greatest: f64): void {
  const at = extremes + ((<usize>run) << 4);
  if (least < load<f64>(at)) store<f64>(at, least);
  if (greatest > load<f64>(at, 8)) store<f64>(at, greatest, 8);
}

/** Of narrow numbers none is NaN or −0, so order and ties do not matter. */
function addExtremes(extremes: usize, run: i32, values: usize, count: i32): void {
  let at = values;
  let least = f64x2.splat(load<f64>(at));
  let greatest = least;
  let least2 = least;
  let greatest2 = least;
  const end = values + ((<usize>count) << 3);
  for (; at + 32 <= end; at += 32) {
    const first = v128.load(at);
    const second = v128.load(at, 16);
    least = f64x2.pmin(least, first);
    greatest = f64x2.pmax(greatest, first);
    least2 = f64x2.pmin(least2, second);
    greatest2 = f64x2.pmax(greatest2, second);
  }
  for (; at < end; at += 8) {
    const value = f64x2.splat(load<f64>(at));
    least = f64x2.pmin(least, value);
    greatest = f64x2.pmax(greatest, value);
  }
  least = f64x2.pmin(least, least2);
  greatest = f64x2.pmax(greatest, greatest2);
  widen(
    extremes,
    run,
    min(f64x2.extract_lane(least, 0), f64x2.extract_lane(least, 1)),
    max(f64x2.extract_lane(greatest, 0), f64x2.extract_lane(greatest, 1)),
  );
}
