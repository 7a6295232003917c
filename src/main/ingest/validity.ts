/** The nulls of one column of a batch: a bitmap, 1 = present, least significant bit first. It starts all present. */
export class ValidityBuilder {
  nulls = 0;
  readonly #bits: Uint8Array;

  constructor(capacity: number) {
    this.#bits = new Uint8Array((capacity + 7) >> 3).fill(0xff);
  }

  setNull(row: number): void {
    this.#bits[row >> 3]! &= ~(1 << (row & 7));
    this.nulls++;
  }

  /** The bitmap of the first `rows` rows, or undefined if none is null; valid until the next `setNull` or `reset`. */
  bitmap(rows: number): Uint8Array | undefined {
    return this.nulls === 0 ? undefined : this.#bits.subarray(0, (rows + 7) >> 3);
  }

  reset(): void {
    if (this.nulls > 0) this.#bits.fill(0xff);
    this.nulls = 0;
  }
}

/** Whether the value of a row is there. */
export function isPresent(bitmap: Uint8Array | undefined, row: number): boolean {
  return bitmap === undefined || (bitmap[row >> 3]! & (1 << (row & 7))) !== 0;
}
