/** As in codec/codec-ids.ts. */
const DELTA: i32 = 3;

/**
 * Writes the numbers that a codec makes of values (they themselves, or their differences), less `base`, and the places of those
 * that are not in 0 … span - 1, as u16. Returns how many there are of these.
 */
export function outliers(
  codec: i32,
  values: usize,
  count: i32,
  base: f64,
  span: f64,
  numbers: usize,
  places: usize,
): i32 {
  const isDelta = codec === DELTA;
  const first = isDelta ? values + 8 : values;
  const end = values + ((<usize>count) << 3);
  const bases = f64x2.splat(base);
  const spans = f64x2.splat(span);
  const zero = f64x2.splat(0);
  const total = <i32>((end - first) >> 3);
  let found = places;
  let to = numbers;
  let place = 0;
  for (let at = first; at < end; at += 16, to += 16, place += 2) {
    let number = v128.load(at);
    if (isDelta) number = f64x2.sub(number, v128.load(at - 8));
    number = f64x2.sub(number, bases);
    v128.store(to, number);
    const mask = i64x2.bitmask(v128.or(f64x2.lt(number, zero), f64x2.ge(number, spans)));
    if (mask === 0) continue;
    if (mask & 1) {
      store<u16>(found, <u16>place);
      found += 2;
    }
    // With an odd number of them the last pair has a stranger.
    if (mask & 2 && place + 1 < total) {
      store<u16>(found, <u16>(place + 1));
      found += 2;
    }
  }
  return <i32>((found - places) >> 1);
}
