/** As in codec/patches.ts, whose twin of this says what they are. */
const DELTA: i32 = 3;
const SAMPLE: i32 = 64;
const MIDDLES: i32 = 9;
const OUTSIDE_MAX: i32 = 16;
const WIDTH_MAX: i32 = 52;
const PLACE_BITS: f64 = 10;

/**
 * Estimates from a sample of the numbers that a codec makes of values which width gives the fewest bytes if numbers outside of
 * a window of that width are patched. Writes these bytes and the middle of the numbers as f64, or nothing.
 * @param room 1,024 bytes to work in
 * @returns the width, or −1 if there is none that gives less than `limit` bytes
 */
export function estimate(
  codec: i32,
  values: usize,
  count: i32,
  headBytes: f64,
  limit: f64,
  out: usize,
  room: usize,
): i32 {
  const isDelta = codec === DELTA;
  const total = isDelta ? count - 1 : count;
  // The middles of 64 equal parts of the numbers, rounded down.
  for (let i = 0, part = total; i < SAMPLE; i++, part += 2 * total) {
    const at = values + ((<usize>part >> 7) << 3);
    const number = isDelta ? load<f64>(at, 8) - load<f64>(at) : load<f64>(at);
    store<f64>(room + ((<usize>i) << 3), number);
  }
  const middle = middleOf(room, room + 512);
  const counts = room + 640;
  memory.fill(counts, 0, 64);
  let most = 0;
  for (let i = 0; i < SAMPLE; i++) {
    const far = load<f64>(room + ((<usize>i) << 3)) - middle;
    const zigzag: f64 = far < 0 ? -2 * far - 1 : 2 * far;
    // The exponent of a whole number is its bits less one; that of 0 is far below.
    const bits = max<i32>(0, <i32>(reinterpret<u64>(zigzag) >> 52) - 1022);
    if (bits > most) most = bits;
    store<u8>(counts + <usize>bits, load<u8>(counts + <usize>bits) + 1);
  }
  let best = -1;
  let least = limit;
  let outside = 0;
  const bytesPerBit = <f64>total / 8;
  const bytesPerPatch = (bytesPerBit / <f64>SAMPLE) * (PLACE_BITS + <f64>most + 1);
  for (let width = most; width >= 0 && outside <= OUTSIDE_MAX; width--) {
    const size = headBytes + bytesPerBit * <f64>width + bytesPerPatch * <f64>outside;
    if (size < least && width <= WIDTH_MAX) {
      least = size;
      best = width;
    }
    outside += <i32>load<u8>(counts + <usize>width);
  }
  if (best < 0) return best;
  store<f64>(out, least);
  store<f64>(out, middle, 8);
  return best;
}

/** The middle one of some of the sample. */
function middleOf(sample: usize, middles: usize): f64 {
  for (let i = 0; i < MIDDLES; i++) {
    const from = <i32>(((<f64>i + 0.5) * <f64>SAMPLE) / <f64>MIDDLES);
    const value = load<f64>(sample + ((<usize>from) << 3));
    let at = i;
    for (; at > 0 && load<f64>(middles + ((<usize>(at - 1)) << 3)) > value; at--) {
      store<f64>(middles + ((<usize>at) << 3), load<f64>(middles + ((<usize>(at - 1)) << 3)));
    }
    store<f64>(middles + ((<usize>at) << 3), value);
  }
  return load<f64>(middles + ((<usize>(MIDDLES >> 1)) << 3));
}
