import type { Extent } from '../../shared/format/root.ts';

/** What a checkpoint lets go of. A checkpoint may change ten thousand tables, so where something lies is looked up, not sought. */
export class Freed {
  readonly extents: Extent[];
  private readonly places = new Set<number>();
  /** How many of the extents `places` knows. */
  private known = 0;

  constructor(extents: readonly Extent[]) {
    this.extents = [...extents];
  }

  /** Whether something is let go of that begins there. */
  has(offset: number): boolean {
    for (; this.known < this.extents.length; this.known++) this.places.add(this.extents[this.known]!.offset);
    return this.places.has(offset);
  }
}
