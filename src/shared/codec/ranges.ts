import { kernels } from '../kernels/kernels.ts';
import { NARROW_LIMIT, narrow, residualAt, widenResiduals } from './narrow-residuals.ts';
import * as scratch from './scratch.ts';

// Constants of this module for speed: see scratch.ts.
const { ranges, residuals } = scratch;

/**
 * Fills `ranges` from the first `count` residuals: least and greatest of them, of their differences, of the differences of
 * those (0 where there are none), and of the residuals less a line. Exact if the residuals' range is below `RANGE_LIMIT`; the last four
 * may be those of a part of the residuals if even this part needs more bits than another codec takes for all.
 * @returns the line's slope: whole, near that from the first residual to the last
 */
export function measureRanges(count: number): number {
  const slope = count > 2 ? Math.round((residualAt(count - 1) - residualAt(0)) / (count - 1)) : 0;
  if (kernels !== undefined && narrow.isOn) {
    // They were measured as they were made.
    if (ranges[0] > -NARROW_LIMIT && ranges[1] < NARROW_LIMIT) return slope;
    widenResiduals(kernels, count);
  }
  if (kernels === undefined) measureTwin(count, slope);
  else kernels.measure(scratch.RESIDUALS_AT, count, slope, scratch.RANGES_AT);
  return slope;
}

function measureTwin(count: number, slope: number): void {
  let before = residuals[0];
  let step = count > 1 ? residuals[1] - before : 0;
  let min = before;
  let max = before;
  let minStep = step;
  let maxStep = step;
  let minTurn = count > 2 ? residuals[2] - residuals[1] - step : 0;
  let maxTurn = minTurn;
  let minRest = before;
  let maxRest = before;
  for (let i = 1; i < count; i++) {
    const value = residuals[i];
    const stepBefore = step;
    step = value - before;
    before = value;
    const rest = value - slope * i;
    if (rest < minRest) minRest = rest;
    if (rest > maxRest) maxRest = rest;
    if (value < min) min = value;
    if (value > max) max = value;
    if (step < minStep) minStep = step;
    if (step > maxStep) maxStep = step;
    if (i === 1) continue;
    const turn = step - stepBefore;
    if (turn < minTurn) minTurn = turn;
    if (turn > maxTurn) maxTurn = turn;
  }
  ranges[0] = min;
  ranges[1] = max;
  ranges[2] = minStep;
  ranges[3] = maxStep;
  ranges[4] = minTurn;
  ranges[5] = maxTurn;
  ranges[6] = minRest;
  ranges[7] = maxRest;
}
