/**
 * Writes (base + residual) / power. False if a sum is over `limit` in magnitude, or was rounded: then taking the base off
 * again tells. A base of NaN is never sound. One value beyond the last is written at both places, so that pairs come out even.
 */
export function restoreF64(
  residuals: usize,
  count: i32,
  base: f64,
  limit: f64,
  power: f64,
  out: usize,
): bool {
  const end = residuals + ((<usize>count) << 3);
  store<f64>(end, load<f64>(end - 8));
  const bases = f64x2.splat(base);
  const limits = f64x2.splat(limit);
  const powers = f64x2.splat(power);
  let sound = i64x2.splat(-1);
  let to = out;
  if (power === 1) {
    for (let at = residuals; at < end; at += 16, to += 16) {
      const residual = v128.load(at);
      const sum = f64x2.add(bases, residual);
      sound = v128.and(sound, f64x2.le(f64x2.abs(sum), limits));
      sound = v128.and(sound, f64x2.eq(f64x2.sub(sum, bases), residual));
      v128.store(to, sum);
    }
    return i64x2.all_true(sound);
  }
  for (let at = residuals; at < end; at += 16, to += 16) {
    const residual = v128.load(at);
    const sum = f64x2.add(bases, residual);
    sound = v128.and(sound, f64x2.le(f64x2.abs(sum), limits));
    sound = v128.and(sound, f64x2.eq(f64x2.sub(sum, bases), residual));
    v128.store(to, f64x2.div(sum, powers));
  }
  return i64x2.all_true(sound);
}

/** Writes base + residual as int64, modulo 2^64. Residuals are whole and below 2^63 in magnitude. */
export function restoreI64(residuals: usize, count: i32, low: u32, high: i32, out: usize): void {
  const base = ((<i64>high) << 32) | <i64>low;
  const end = residuals + ((<usize>count) << 3);
  let to = out;
  for (let at = residuals; at < end; at += 8, to += 8) {
    store<i64>(to, base + <i64>load<f64>(at));
  }
}
