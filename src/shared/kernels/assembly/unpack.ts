/** 2^52 as a double's bits: a whole number below 2^52 put into its low bits is that number + 2^52. */
const LIFTED: u64 = 0x4330000000000000;
const LIFT: f64 = 4503599627370496.0;

/**
 * Unpacks `count` numbers of `width` bits (1…52) into f64. Each is cut from the 8 bytes that begin where it begins, so up to
 * 7 bytes beyond the run are read.
 */
export function unpack(packed: usize, count: i32, width: u32, out: usize): void {
  const mask: u64 = <u64>-1 >> (64 - <u64>width);
  const lifted = i64x2.splat(LIFTED);
  const lift = f64x2.splat(LIFT);
  const masks = i64x2.splat(mask);
  let bit: usize = 0;
  const end = out + ((<usize>count) << 3);
  let to = out;
  for (; to + 16 <= end; to += 16) {
    const first = load<u64>(packed + (bit >> 3)) >> (bit & 7);
    bit += width;
    const second = load<u64>(packed + (bit >> 3)) >> (bit & 7);
    bit += width;
    const pair = v128.and(i64x2.replace_lane(i64x2.splat(first), 1, second), masks);
    v128.store(to, f64x2.sub(v128.or(pair, lifted), lift));
  }
  if (to < end) {
    const last = (load<u64>(packed + (bit >> 3)) >> (bit & 7)) & mask;
    store<f64>(to, reinterpret<f64>(last | LIFTED) - LIFT);
  }
}
