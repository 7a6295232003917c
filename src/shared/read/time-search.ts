import { lowerBound, upperBound } from '../aggregate/sorted-rows.ts';
import { TimePoints } from '../codec/time-points.ts';
import { VECTOR_ROWS } from '../schema/limits.ts';
import { type ColumnVectors, timesOf, VectorRoom } from './column-vectors.ts';

type Times = Float64Array | BigInt64Array;

/** Looks up rows of sorted blocks by their times. Vectors are decoded only where single times cannot be read. */
export class TimeSearch {
  private readonly kind: 'f64' | 'i64';
  private readonly room: VectorRoom;
  private times: ColumnVectors | undefined;
  /** Of even and of odd vectors: who asks for a vector's first and last time asks for the next one's too. */
  private readonly even = new TimePoints();
  private readonly odd = new TimePoints();
  private evenVector = -1;
  private oddVector = -1;
  private points = this.even;

  /** @param kind how the table's times are held: numbers for ms tables, else int64 */
  constructor(kind: 'f64' | 'i64') {
    this.kind = kind;
    const { type, isTime, timeAsNumber } = timesOf(kind);
    this.room = new VectorRoom(type, isTime, timeAsNumber);
  }

  /**
   * The first of all rows at or after a time, or after it; the number of rows if none is.
   * @throws DAMAGED
   */
  row(times: ColumnVectors, wanted: number | bigint, isAfter: boolean): number {
    // The row is in the last vector that begins before it.
    let low = 0;
    let high = times.count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (isBefore(this.at(times, middle, 0), wanted, isAfter)) low = middle + 1;
      else high = middle;
    }
    if (low === 0) return 0;
    const vector = low - 1;
    return vector * VECTOR_ROWS + this.rowOfVector(times, vector, wanted, isAfter);
  }

  /** As `row`, of one vector's rows, counted from its first. @throws DAMAGED */
  rowOfVector(times: ColumnVectors, vector: number, wanted: number | bigint, isAfter: boolean): number {
    const rows = times.rowsOf(vector);
    const offset = this.turnTo(times, vector);
    if (this.points.count < offset + rows) return this.rowOfDecoded(times, vector, wanted, isAfter);
    let low = 0;
    let high = rows;
    // Near a line, the row is looked for where it should be, then on both sides of that in steps that double.
    let step = 1;
    let next = this.points.near(wanted) - offset;
    while (low < high) {
      const middle = next >= low && next < high ? next : (low + high) >> 1;
      const time = this.point(offset + middle);
      if (Number.isNaN(time)) return this.rowOfDecoded(times, vector, wanted, isAfter);
      if (isBefore(time, wanted, isAfter)) {
        low = middle + 1;
        next = middle + step;
      } else {
        high = middle;
        next = middle - step;
      }
      step *= 2;
    }
    return low;
  }

  /** The time of a vector's row. @throws DAMAGED */
  at(times: ColumnVectors, vector: number, row: number): number | bigint {
    const place = this.turnTo(times, vector) + row;
    if (place < this.points.count) {
      const time = this.point(place);
      if (!Number.isNaN(time)) return time;
    }
    return (this.room.decode(times, vector).values as Times)[row]!;
  }

  /** Lets `points` be those of a vector, and returns which row of them its first one is. */
  private turnTo(times: ColumnVectors, vector: number): number {
    if (this.times !== times) {
      this.times = times;
      this.evenVector = -1;
      this.oddVector = -1;
    }
    // One that stands for all rows is loaded as vector 0.
    const wanted = times.isWhole ? 0 : vector;
    if ((wanted & 1) === 0) {
      this.points = this.even;
      if (this.evenVector !== wanted) {
        times.loadPoints(this.even, wanted);
        this.evenVector = wanted;
      }
    } else {
      this.points = this.odd;
      if (this.oddVector !== wanted) {
        times.loadPoints(this.odd, wanted);
        this.oddVector = wanted;
      }
    }
    return times.isWhole ? vector * VECTOR_ROWS : 0;
  }

  /** NaN if the decoder must be asked. */
  private point(row: number): number {
    return this.kind === 'f64' ? this.points.number(row) : (this.points.bigint(row) as unknown as number);
  }

  private rowOfDecoded(
    times: ColumnVectors,
    vector: number,
    wanted: number | bigint,
    isAfter: boolean,
  ): number {
    const values = this.room.decode(times, vector).values as Times;
    const rows = times.rowsOf(vector);
    return isAfter ? upperBound(values, rows, wanted) : lowerBound(values, rows, wanted);
  }
}

function isBefore(time: number | bigint, wanted: number | bigint, isAfter: boolean): boolean {
  return isAfter ? time <= wanted : time < wanted;
}
