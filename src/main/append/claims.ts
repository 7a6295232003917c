/** What one table of a producer asks of the memory. */
export interface Claim {
  /** Bytes that it was last said to ask for, and in which epoch. */
  claimedBytes: number;
  claimedIn: number;
}

/**
 * How much memory the tables that a producer appends to would like to have for their chunks, all together. Where that is
 * more than there is, each gets chunks that are smaller by the same factor: were they as large as they like, each would be
 * sent away almost empty to make room for another table's, again and again.
 *
 * A table that asks for nothing for one or two epochs is not counted any more.
 */
export class Claims {
  private readonly epochMs: number;
  private epoch = 0;
  private endsAt = Number.NEGATIVE_INFINITY;
  /** Bytes claimed in this epoch so far, and in the one before. */
  private current = 0;
  private before = 0;

  constructor(epochMs: number) {
    this.epochMs = epochMs;
  }

  /** Notes what a table would like to have. */
  note(claim: Claim, bytes: number, now: number): void {
    if (now >= this.endsAt) {
      this.before = now >= this.endsAt + this.epochMs ? 0 : this.current;
      this.current = 0;
      this.epoch++;
      this.endsAt = now + this.epochMs;
    }
    if (claim.claimedIn === this.epoch) this.current -= claim.claimedBytes;
    this.current += bytes;
    claim.claimedIn = this.epoch;
    claim.claimedBytes = bytes;
  }

  /** Bytes that all tables would like to have. */
  get total(): number {
    return Math.max(this.current, this.before);
  }
}
