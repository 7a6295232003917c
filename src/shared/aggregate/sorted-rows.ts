type Times = Float64Array | BigInt64Array;

/** First of `rows` sorted rows at or after a time. */
export function lowerBound(time: Times, rows: number, wanted: number | bigint): number {
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle]! < wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First of `rows` sorted rows after a time. */
export function upperBound(time: Times, rows: number, wanted: number | bigint): number {
  let low = 0;
  let high = rows;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (time[middle]! <= wanted) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Those of `rows` rows that lie in a range of time, both ends inclusive, in order of time, ties as they are. */
export function sortedPicks(
  time: Times,
  rows: number,
  from: number | bigint,
  to: number | bigint,
): Uint32Array {
  const picks = new Uint32Array(rows);
  let count = 0;
  for (let row = 0; row < rows; row++) if (time[row]! >= from && time[row]! <= to) picks[count++] = row;
  const wanted = picks.subarray(0, count);
  // Typed arrays sort stably, as plain ones do.
  if (time instanceof Float64Array) return wanted.sort((a, b) => time[a]! - time[b]!);
  return wanted.sort((a, b) => (time[a]! < time[b]! ? -1 : time[a]! > time[b]! ? 1 : 0));
}
