/** Differences of differences and lines are looked at over so many numbers first. */
const PREFIX: i32 = 64;
/** Numbers and differences within these are i16, and were not cut to them. */
const SHORT_LEAST: i32 = -32768;
const SHORT_MOST: i32 = 32767;

/**
 * Writes eight f64, as measure.ts does, of i32 below 2^28 in magnitude: of more than these only the first two are right. The line is the
 * whole slope that is next to that from the first number to the last. The last four may be those of the first numbers alone, if even these
 * need as many bits as all numbers or all their differences do: codecs that take no fewer bits are not chosen.
 * Whole sixteens of numbers that are i16, as are their differences, are left in `shorts`, too.
 */
export function narrowRanges(numbers: usize, count: i32, shorts: usize, out: usize): void {
  // Of times and counters the last one tells.
  const end = load<i32>(numbers + ((<usize>count) << 2) - 4);
  const mayBeShort = (count & 15) === 0 && end > SHORT_LEAST && end < SHORT_MOST;
  if (!mayBeShort || !shortRanges(numbers, count, shorts, out)) wideRanges(numbers, count, out);
  const first = <i32>load<f64>(out);
  const last = <i32>load<f64>(out, 8);
  const bits = min(bitsOf(<i32>load<f64>(out, 16), <i32>load<f64>(out, 24)), bitsOf(first, last));
  if (turnBits(numbers, min(count, PREFIX), out + 32) < bits && count > PREFIX)
    turnBits(numbers, count, out + 32);
  const slope = slopeOf(numbers, count);
  if (slope === 0) putRange(first, last, out + 48);
  else if (restBits(numbers, min(count, PREFIX), slope, out + 48) < bits && count > PREFIX)
    restBits(numbers, count, slope, out + 48);
}

/** Writes numbers, whole sixteens of them, as i16 and the first four of the ranges; false if one of these is no i16. */
function shortRanges(numbers: usize, count: i32, shorts: usize, out: usize): bool {
  const end = numbers + ((<usize>count) << 2);
  // What is before the first one makes the first difference twice.
  let before = i16x8.splat(<i16>(2 * load<i32>(numbers) - load<i32>(numbers, 4)));
  let least = i16x8.splat(i16.MAX_VALUE);
  let most = i16x8.splat(i16.MIN_VALUE);
  let leastStep = least;
  let mostStep = most;
  for (let at = numbers, to = shorts; at < end; at += 64, to += 32) {
    const a = i16x8.narrow_i32x4_s(v128.load(at), v128.load(at, 16));
    const b = i16x8.narrow_i32x4_s(v128.load(at, 32), v128.load(at, 48));
    const stepsA = i16x8.sub_sat_s(a, i16x8.shuffle(before, a, 7, 8, 9, 10, 11, 12, 13, 14));
    const stepsB = i16x8.sub_sat_s(b, i16x8.shuffle(a, b, 7, 8, 9, 10, 11, 12, 13, 14));
    before = b;
    v128.store(to, a);
    v128.store(to, b, 16);
    least = i16x8.min_s(least, i16x8.min_s(a, b));
    most = i16x8.max_s(most, i16x8.max_s(a, b));
    leastStep = i16x8.min_s(leastStep, i16x8.min_s(stepsA, stepsB));
    mostStep = i16x8.max_s(mostStep, i16x8.max_s(stepsA, stepsB));
  }
  const first = leastOf(i32x4.min_s(i32x4.extend_low_i16x8_s(least), i32x4.extend_high_i16x8_s(least)));
  const last = mostOf(i32x4.max_s(i32x4.extend_low_i16x8_s(most), i32x4.extend_high_i16x8_s(most)));
  const firstStep = leastOf(
    i32x4.min_s(i32x4.extend_low_i16x8_s(leastStep), i32x4.extend_high_i16x8_s(leastStep)),
  );
  const lastStep = mostOf(
    i32x4.max_s(i32x4.extend_low_i16x8_s(mostStep), i32x4.extend_high_i16x8_s(mostStep)),
  );
  putRange(first, last, out);
  putRange(firstStep, lastStep, out + 16);
  return min(first, firstStep) > SHORT_LEAST && max(last, lastStep) < SHORT_MOST;
}

/** Writes the first four of the ranges. */
function wideRanges(numbers: usize, count: i32, out: usize): void {
  const end = numbers + ((<usize>count) << 2);
  let least = v128.load32_splat(numbers);
  let most = least;
  let leastStep = i32x4.splat(0);
  let mostStep = leastStep;
  let at = numbers + 4;
  if (count > 1) {
    leastStep = i32x4.splat(load<i32>(at) - load<i32>(numbers));
    mostStep = leastStep;
  }
  for (; at + 64 <= end; at += 64) {
    const a = v128.load(at);
    const b = v128.load(at, 16);
    const c = v128.load(at, 32);
    const d = v128.load(at, 48);
    const stepA = i32x4.sub(a, v128.load(at - 4));
    const stepB = i32x4.sub(b, v128.load(at - 4, 16));
    const stepC = i32x4.sub(c, v128.load(at - 4, 32));
    const stepD = i32x4.sub(d, v128.load(at - 4, 48));
    least = i32x4.min_s(least, i32x4.min_s(i32x4.min_s(a, b), i32x4.min_s(c, d)));
    most = i32x4.max_s(most, i32x4.max_s(i32x4.max_s(a, b), i32x4.max_s(c, d)));
    leastStep = i32x4.min_s(leastStep, i32x4.min_s(i32x4.min_s(stepA, stepB), i32x4.min_s(stepC, stepD)));
    mostStep = i32x4.max_s(mostStep, i32x4.max_s(i32x4.max_s(stepA, stepB), i32x4.max_s(stepC, stepD)));
  }
  for (; at + 16 <= end; at += 16) {
    const four = v128.load(at);
    const steps = i32x4.sub(four, v128.load(at - 4));
    least = i32x4.min_s(least, four);
    most = i32x4.max_s(most, four);
    leastStep = i32x4.min_s(leastStep, steps);
    mostStep = i32x4.max_s(mostStep, steps);
  }
  for (; at < end; at += 4) {
    const number = v128.load32_splat(at);
    const step = i32x4.sub(number, v128.load32_splat(at - 4));
    least = i32x4.min_s(least, number);
    most = i32x4.max_s(most, number);
    leastStep = i32x4.min_s(leastStep, step);
    mostStep = i32x4.max_s(mostStep, step);
  }
  putRange(leastOf(least), mostOf(most), out);
  putRange(leastOf(leastStep), mostOf(mostStep), out + 16);
}

/** The slope of the line, rounded as `Math.round` does. */
function slopeOf(numbers: usize, count: i32): i32 {
  if (count < 3) return 0;
  const rise = <f64>load<i32>(numbers + ((<usize>count) << 2) - 4) - <f64>load<i32>(numbers);
  return <i32>floor(rise / <f64>(count - 1) + 0.5);
}

/** Writes a range; returns the bits that its numbers need. */
function putRange(least: i32, most: i32, out: usize): i32 {
  store<f64>(out, <f64>least);
  store<f64>(out, <f64>most, 8);
  return bitsOf(least, most);
}

/** Bits that numbers from `least` to `most` need above the least. */
function bitsOf(least: i32, most: i32): i32 {
  return 32 - clz(most - least);
}

/** Writes the least and the greatest difference of differences, 0 if there is none; returns the bits they need. */
function turnBits(numbers: usize, count: i32, out: usize): i32 {
  let least = 0;
  let most = 0;
  if (count > 2) {
    const end = numbers + ((<usize>count) << 2);
    let at = numbers + 8;
    let leasts = turnAt(at);
    let mosts = leasts;
    // The last four may overlap those before them; where there are too few for four, all lanes are of the first one.
    if (count >= 6) {
      for (; at + 16 <= end; at += 16) {
        const turns = turnsAt(at);
        leasts = i32x4.min_s(leasts, turns);
        mosts = i32x4.max_s(mosts, turns);
      }
      const turns = turnsAt(end - 16);
      leasts = i32x4.min_s(leasts, turns);
      mosts = i32x4.max_s(mosts, turns);
    } else {
      for (; at < end; at += 4) {
        leasts = i32x4.min_s(leasts, turnAt(at));
        mosts = i32x4.max_s(mosts, turnAt(at));
      }
    }
    least = leastOf(leasts);
    most = mostOf(mosts);
  }
  return putRange(least, most, out);
}

/** Four differences of differences, the first of which ends at a number. */
function turnsAt(at: usize): v128 {
  const before = v128.load(at - 4);
  return i32x4.sub(i32x4.sub(v128.load(at), before), i32x4.sub(before, v128.load(at - 8)));
}

/** One of them in all lanes. */
function turnAt(at: usize): v128 {
  return i32x4.splat(load<i32>(at) - 2 * load<i32>(at - 4) + load<i32>(at - 8));
}

/** Writes the least and the greatest number less a line; returns the bits they need. */
function restBits(numbers: usize, count: i32, slope: i32, out: usize): i32 {
  const end = numbers + ((<usize>count) << 2);
  let leasts = v128.load32_splat(numbers);
  let mosts = leasts;
  const steps = i32x4.splat(4 * slope);
  let line = i32x4.mul(i32x4.splat(slope), i32x4(0, 1, 2, 3));
  let at = numbers;
  for (; at + 16 <= end; at += 16) {
    const rests = i32x4.sub(v128.load(at), line);
    line = i32x4.add(line, steps);
    leasts = i32x4.min_s(leasts, rests);
    mosts = i32x4.max_s(mosts, rests);
  }
  let height = i32x4.extract_lane(line, 0);
  for (; at < end; at += 4) {
    const rest = i32x4.splat(load<i32>(at) - height);
    height += slope;
    leasts = i32x4.min_s(leasts, rest);
    mosts = i32x4.max_s(mosts, rest);
  }
  return putRange(leastOf(leasts), mostOf(mosts), out);
}

function leastOf(lanes: v128): i32 {
  const pairs = i32x4.min_s(lanes, i32x4.shuffle(lanes, lanes, 2, 3, 0, 1));
  return min(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1));
}

function mostOf(lanes: v128): i32 {
  const pairs = i32x4.max_s(lanes, i32x4.shuffle(lanes, lanes, 2, 3, 0, 1));
  return max(i32x4.extract_lane(pairs, 0), i32x4.extract_lane(pairs, 1));
}
