import { prefixSums } from './prefix-sums';

// Differences of up to 16 bits with their sign, added up eight at a time. Pairs are added by one instruction; the sums of the pairs are
// then added up in four lanes of 32 bits: they are the sums at odd places, and those at even ones lack their pair's second number. Loops
// are short and hand their numbers on through memory on purpose: a processor looks ahead over some sixty vector instructions, and where
// each of a turn waits for the one before, that is few turns (docs/decisions/0032-short-loops.md).

/** Writes base + numbers[0], that + numbers[1] …, as i32: `count` of them, and up to 31 more. */
export function shortSums(numbers: usize, count: i32, base: i32, out: usize): void {
  const zero = i32x4.splat(0);
  let carry = i32x4.splat(base);
  let from = numbers;
  const end = out + ((<usize>count) << 2);
  for (let to = out; to < end; to += 128, from += 64) {
    const a = v128.load(from);
    const b = v128.load(from, 16);
    const c = v128.load(from, 32);
    const d = v128.load(from, 48);
    const oddA = oddSums(a, carry, zero);
    const evenA = evenSums(oddA, a);
    const oddB = oddSums(b, i32x4.shuffle(oddA, oddA, 3, 3, 3, 3), zero);
    const evenB = evenSums(oddB, b);
    const oddC = oddSums(c, i32x4.shuffle(oddB, oddB, 3, 3, 3, 3), zero);
    const evenC = evenSums(oddC, c);
    const oddD = oddSums(d, i32x4.shuffle(oddC, oddC, 3, 3, 3, 3), zero);
    const evenD = evenSums(oddD, d);
    carry = i32x4.shuffle(oddD, oddD, 3, 3, 3, 3);
    v128.store(to, i32x4.shuffle(evenA, oddA, 0, 4, 1, 5));
    v128.store(to, i32x4.shuffle(evenA, oddA, 2, 6, 3, 7), 16);
    v128.store(to, i32x4.shuffle(evenB, oddB, 0, 4, 1, 5), 32);
    v128.store(to, i32x4.shuffle(evenB, oddB, 2, 6, 3, 7), 48);
    v128.store(to, i32x4.shuffle(evenC, oddC, 0, 4, 1, 5), 64);
    v128.store(to, i32x4.shuffle(evenC, oddC, 2, 6, 3, 7), 80);
    v128.store(to, i32x4.shuffle(evenD, oddD, 0, 4, 1, 5), 96);
    v128.store(to, i32x4.shuffle(evenD, oddD, 2, 6, 3, 7), 112);
  }
}

/** The same as doubles, and up to 7 more. Each turn makes the next sums while those of the turn before are converted. */
export function shortWholes(numbers: usize, count: i32, base: i32, out: usize): void {
  const zero = i32x4.splat(0);
  let eight = v128.load(numbers);
  let odd = oddSums(eight, i32x4.splat(base), zero);
  let from = numbers + 16;
  const end = out + ((<usize>count) << 3);
  for (let to = out; to < end; to += 64, from += 16) {
    const even = evenSums(odd, eight);
    const carry = i32x4.shuffle(odd, odd, 3, 3, 3, 3);
    const a = i32x4.shuffle(even, odd, 0, 4, 1, 5);
    const b = i32x4.shuffle(even, odd, 2, 6, 3, 7);
    eight = v128.load(from);
    odd = oddSums(eight, carry, zero);
    v128.store(to, f64x2.convert_low_i32x4_s(a));
    v128.store(to, f64x2.convert_low_i32x4_s(i64x2.shuffle(a, a, 1, 1)), 16);
    v128.store(to, f64x2.convert_low_i32x4_s(b), 32);
    v128.store(to, f64x2.convert_low_i32x4_s(i64x2.shuffle(b, b, 1, 1)), 48);
  }
}

/** Of eight numbers the sums of the first two, four, six and eight, and what was carried. */
function oddSums(eight: v128, carry: v128, zero: v128): v128 {
  return i32x4.add(prefixSums(i32x4.extadd_pairwise_i16x8_s(eight), zero), carry);
}

/** The sums of the first one, three, five and seven: those without each pair's second number. */
function evenSums(odd: v128, eight: v128): v128 {
  return i32x4.sub(odd, i32x4.shr_s(eight, 16));
}
