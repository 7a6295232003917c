/** As in codec/codec-ids.ts. */
const DELTA: i32 = 3;
const SIGN: i32 = <i32>0x80000000;

/**
 * What outliers.ts does, of i32: writes the numbers (or their differences) less `base` as i32, and the places of those that are not in
 * 0 … span - 1, as u16. Returns how many there are of these. Up to 7 more are read and written.
 */
export function narrowOutliers(
  codec: i32,
  values: usize,
  count: i32,
  base: i32,
  span: i32,
  numbers: usize,
  places: usize,
): i32 {
  const isDelta = codec === DELTA;
  const total = isDelta ? count - 1 : count;
  v128.store(numbers, i32x4.splat(base));
  // Numbers below 0 are the greatest if their signs are turned and all are compared with a turned limit.
  v128.store(numbers, i32x4.splat(SIGN), 16);
  v128.store(numbers, i32x4.splat((span - 1) ^ SIGN), 32);
  const bases = v128.load(numbers);
  const sign = v128.load(numbers, 16);
  const limit = v128.load(numbers, 32);
  let found = places;
  let to = numbers;
  let at = isDelta ? values + 4 : values;
  for (let place = 0; place < total; place += 8, at += 32, to += 32) {
    let a = v128.load(at);
    let b = v128.load(at, 16);
    if (isDelta) {
      a = i32x4.sub(a, v128.load(at - 4));
      b = i32x4.sub(b, v128.load(at - 4, 16));
    }
    a = i32x4.sub(a, bases);
    b = i32x4.sub(b, bases);
    v128.store(to, a);
    v128.store(to, b, 16);
    const outside = i32x4.gt_s(v128.xor(a, sign), limit);
    const outside2 = i32x4.gt_s(v128.xor(b, sign), limit);
    if (!v128.any_true(v128.or(outside, outside2))) continue;
    let mask = i32x4.bitmask(outside) | (i32x4.bitmask(outside2) << 4);
    // Behind the last one there may be strangers.
    if (place + 8 > total) mask &= (1 << (total - place)) - 1;
    for (; mask !== 0; mask &= mask - 1, found += 2) store<u16>(found, <u16>(place + ctz(mask)));
  }
  return <i32>((found - places) >> 1);
}
