/**
 * Sum of `count` doubles in four lanes: places 0, 4, 8 …, 1, 5 … and so on; what is left over of four goes to the first one. The sum of
 * the lanes is (first + second) + (third + fourth).
 */
export function sumOfLanes(values: usize, count: i32): f64 {
  let at = values;
  let firsts = f64x2.splat(0);
  let seconds = f64x2.splat(0);
  for (const end = values + ((<usize>(count & ~3)) << 3); at < end; at += 32) {
    firsts = f64x2.add(firsts, v128.load(at));
    seconds = f64x2.add(seconds, v128.load(at, 16));
  }
  let first = f64x2.extract_lane(firsts, 0);
  for (const end = values + ((<usize>count) << 3); at < end; at += 8) first += load<f64>(at);
  return (
    first + f64x2.extract_lane(firsts, 1) + (f64x2.extract_lane(seconds, 0) + f64x2.extract_lane(seconds, 1))
  );
}
