/** Rows that follow one another, divided into runs of one bucket each. Used anew for each input: nothing is allocated for it. */
export class Runs {
  /** The first run's first row; each run begins where the one before ends. */
  from = 0;
  count = 0;
  /** Of each run: its bucket's slot, and the row after its last one. */
  readonly slots: number[] = [];
  readonly ends: number[] = [];

  /** The row after the last run's last one. */
  get to(): number {
    return this.count === 0 ? this.from : this.ends[this.count - 1]!;
  }

  /** Lets go of all runs; the next one begins at `from`. */
  clear(from: number): void {
    this.from = from;
    this.count = 0;
  }

  /** Adds a run, or lengthens the last one if that is of the same bucket. */
  add(slot: number, end: number): void {
    const last = this.count - 1;
    if (last >= 0 && this.slots[last] === slot) {
      this.ends[last] = end;
      return;
    }
    this.slots[this.count] = slot;
    this.ends[this.count++] = end;
  }
}
