/** Whether `count` values of 8 bytes have the same bits. */
export function same64(values: usize, count: i32): bool {
  const first = load<u64>(values);
  const wanted = i64x2.splat(first);
  const end = values + ((<usize>count) << 3);
  let at = values;
  for (; at + 16 <= end; at += 16) {
    if (!i64x2.all_true(i64x2.eq(v128.load(at), wanted))) return false;
  }
  return at === end || load<u64>(at) === first;
}

/** Whether `count` values of 4 bytes have the same bits. */
export function same32(values: usize, count: i32): bool {
  const first = load<u32>(values);
  const wanted = i32x4.splat(first);
  const end = values + ((<usize>count) << 2);
  let at = values;
  for (; at + 16 <= end; at += 16) {
    if (!i32x4.all_true(i32x4.eq(v128.load(at), wanted))) return false;
  }
  for (; at < end; at += 4) if (load<u32>(at) !== first) return false;
  return true;
}
