/** Whole numbers from here on are not all doubles. */
const EXACT: f64 = 9007199254740992.0;

/**
 * Writes 0 and `count` - 1 running sums of the numbers, each with `base` added. False if a number or a sum is not below 2^53
 * in magnitude, where sums stop being exact, or is NaN.
 */
export function sums(numbers: usize, count: i32, base: f64, out: usize): bool {
  store<f64>(out, 0);
  let value: f64 = 0;
  let largest: f64 = 0;
  let at = numbers;
  const end = out + ((<usize>count) << 3);
  for (let to = out + 8; to < end; to += 8, at += 8) {
    const step = load<f64>(at) + base;
    value += step;
    store<f64>(to, value);
    largest = max(largest, max(abs(step), abs(value)));
  }
  return largest < EXACT;
}

/** The same twice over: the numbers are differences of differences, and `first` is the first difference. */
export function sumsOfSums(numbers: usize, count: i32, first: f64, base: f64, out: usize): bool {
  store<f64>(out, 0);
  store<f64>(out + 8, first);
  let step = first;
  let value = first;
  let largest = abs(first);
  let at = numbers;
  const end = out + ((<usize>count) << 3);
  for (let to = out + 16; to < end; to += 8, at += 8) {
    const turn = load<f64>(at) + base;
    step += turn;
    value += step;
    store<f64>(to, value);
    largest = max(largest, max(abs(turn), max(abs(step), abs(value))));
  }
  return largest < EXACT;
}
