/**
 * Writes eight f64: the least and the greatest of the numbers, of their differences, of the differences of those (0 where
 * there are none), and of the numbers less `slope` times their place. All must be whole and below 2^52 in magnitude.
 */
export function measure(numbers: usize, count: i32, slope: f64, out: usize): void {
  const v0 = load<f64>(numbers);
  let least = v0;
  let most = v0;
  let leastStep: f64 = 0;
  let mostStep: f64 = 0;
  let leastRest = v0;
  let mostRest = v0;
  let leastTurn: f64 = 0;
  let mostTurn: f64 = 0;
  const end = numbers + ((<usize>count) << 3);
  let at = numbers + 8;
  if (count > 1) {
    const v1 = load<f64>(at);
    least = min(least, v1);
    most = max(most, v1);
    leastStep = mostStep = v1 - v0;
    leastRest = min(leastRest, v1 - slope);
    mostRest = max(mostRest, v1 - slope);
    at += 8;
  }
  if (count > 2) {
    const v1 = load<f64>(at - 8);
    const v2 = load<f64>(at);
    leastTurn = mostTurn = v2 - v1 - (v1 - v0);
  }
  let mins = f64x2.splat(least);
  let maxs = f64x2.splat(most);
  let minSteps = f64x2.splat(leastStep);
  let maxSteps = f64x2.splat(mostStep);
  let minTurns = f64x2.splat(leastTurn);
  let maxTurns = f64x2.splat(mostTurn);
  let minRests = f64x2.splat(leastRest);
  let maxRests = f64x2.splat(mostRest);
  let line = f64x2.replace_lane(f64x2.splat(2 * slope), 1, 3 * slope);
  const twoSlopes = f64x2.splat(2 * slope);
  const hasLine = slope !== 0;
  // Most are of no slope, and all of these fit into registers.
  if (!hasLine) {
    for (; at + 32 <= end; at += 32) {
      const value = v128.load(at);
      const value2 = v128.load(at, 16);
      const before = v128.load(at - 8);
      const step = f64x2.sub(value, before);
      const step2 = f64x2.sub(value2, v128.load(at - 8, 16));
      const turn = f64x2.sub(step, f64x2.sub(before, v128.load(at - 16)));
      // Each turn is a step less the one before it.
      const turn2 = f64x2.sub(step2, i64x2.shuffle(step, step2, 1, 2));
      mins = f64x2.pmin(mins, f64x2.pmin(value, value2));
      maxs = f64x2.pmax(maxs, f64x2.pmax(value, value2));
      minSteps = f64x2.pmin(minSteps, f64x2.pmin(step, step2));
      maxSteps = f64x2.pmax(maxSteps, f64x2.pmax(step, step2));
      minTurns = f64x2.pmin(minTurns, f64x2.pmin(turn, turn2));
      maxTurns = f64x2.pmax(maxTurns, f64x2.pmax(turn, turn2));
    }
  }
  for (; at + 16 <= end; at += 16) {
    const value = v128.load(at);
    const before = v128.load(at - 8);
    const step = f64x2.sub(value, before);
    const turn = f64x2.sub(step, f64x2.sub(before, v128.load(at - 16)));
    const rest = f64x2.sub(value, line);
    line = f64x2.add(line, twoSlopes);
    minRests = f64x2.pmin(minRests, rest);
    maxRests = f64x2.pmax(maxRests, rest);
    mins = f64x2.pmin(mins, value);
    maxs = f64x2.pmax(maxs, value);
    minSteps = f64x2.pmin(minSteps, step);
    maxSteps = f64x2.pmax(maxSteps, step);
    minTurns = f64x2.pmin(minTurns, turn);
    maxTurns = f64x2.pmax(maxTurns, turn);
  }
  if (at < end) {
    const value = load<f64>(at);
    const before = load<f64>(at - 8);
    const step = value - before;
    const turn = step - (before - load<f64>(at - 16));
    const rest = f64x2.splat(value - f64x2.extract_lane(line, 0));
    minRests = f64x2.pmin(minRests, rest);
    maxRests = f64x2.pmax(maxRests, rest);
    mins = f64x2.pmin(mins, f64x2.splat(value));
    maxs = f64x2.pmax(maxs, f64x2.splat(value));
    minSteps = f64x2.pmin(minSteps, f64x2.splat(step));
    maxSteps = f64x2.pmax(maxSteps, f64x2.splat(step));
    minTurns = f64x2.pmin(minTurns, f64x2.splat(turn));
    maxTurns = f64x2.pmax(maxTurns, f64x2.splat(turn));
  }
  if (!hasLine) {
    // The line is 0, and not all was compared with it.
    minRests = mins;
    maxRests = maxs;
  }
  store<f64>(out, min(f64x2.extract_lane(mins, 0), f64x2.extract_lane(mins, 1)));
  store<f64>(out + 8, max(f64x2.extract_lane(maxs, 0), f64x2.extract_lane(maxs, 1)));
  store<f64>(out + 16, min(f64x2.extract_lane(minSteps, 0), f64x2.extract_lane(minSteps, 1)));
  store<f64>(out + 24, max(f64x2.extract_lane(maxSteps, 0), f64x2.extract_lane(maxSteps, 1)));
  store<f64>(out + 32, min(f64x2.extract_lane(minTurns, 0), f64x2.extract_lane(minTurns, 1)));
  store<f64>(out + 40, max(f64x2.extract_lane(maxTurns, 0), f64x2.extract_lane(maxTurns, 1)));
  store<f64>(out + 48, min(f64x2.extract_lane(minRests, 0), f64x2.extract_lane(minRests, 1)));
  store<f64>(out + 56, max(f64x2.extract_lane(maxRests, 0), f64x2.extract_lane(maxRests, 1)));
}
