/** Buckets that have no rows get slots as well while there are at most this many, or few for the rows. */
const DENSE_MIN = 65_536;

/** Gives each bucket that rows are met of a slot: the place of what is known of it. */
export class Slots {
  /** Slots in use, or set aside. */
  count: number;
  private readonly first: number;
  private readonly known: Map<number, number> | undefined;
  private readonly numbers: number[] = [];

  /**
   * @param first the lowest bucket's number
   * @param last the highest one's
   * @param rows how many rows there may be
   */
  constructor(first: number, last: number, rows: number) {
    this.first = first;
    const span = last - first + 1;
    // Of two extra rows of 50 bytes for each row at most: memory follows the rows, whatever the step.
    const isDense = span <= Math.max(DENSE_MIN, 2 * rows);
    this.known = isDense ? undefined : new Map();
    this.count = isDense ? span : 0;
  }

  /** The slot of a bucket's number. */
  of(number: number): number {
    if (this.known === undefined) return number - this.first;
    let slot = this.known.get(number);
    if (slot === undefined) {
      slot = this.count++;
      this.known.set(number, slot);
      this.numbers.push(number);
    }
    return slot;
  }

  /** All buckets that may have rows as [number, slot], in order of time. */
  inOrder(): [number: number, slot: number][] {
    if (this.known === undefined) {
      return Array.from({ length: this.count }, (_, slot) => [this.first + slot, slot]);
    }
    return [...this.known].sort(([a], [b]) => a - b);
  }
}
