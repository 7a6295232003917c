import type { Extent } from '../../shared/format/root.ts';
import { FreeSpace } from './free-space.ts';

/** What a writer says of its space when it answers for a checkpoint. */
export interface SpaceAnswer {
  /** What it holds and nothing refers to. */
  readonly held: readonly Extent[];
  /** How many extents it had received. */
  readonly received: number;
}

/**
 * Which parts of the file one writer holds: what it had at the last checkpoint, and what it was given since. So none of it
 * is lost, whenever the process or the writer dies.
 */
export class WriterSpace {
  private held: readonly Extent[] = [];
  /** Given since the last checkpoint, or still on the way then; each with its number among all grants. */
  private grants: { readonly extent: Extent; readonly number: number }[] = [];
  private granted = 0;
  /** What a dead predecessor held: free once the successor has said what its log uses. */
  private orphans: Extent[] = [];

  /** Notes an extent that is given to the writer. */
  grant({ offset, bytes }: Extent): void {
    this.grants.push({ extent: { offset, bytes }, number: ++this.granted });
  }

  /** What the writer holds or will receive, as of its answer. */
  of(answer: SpaceAnswer): Extent[] {
    const onTheWay = this.grants.filter(({ number }) => number > answer.received);
    return [...answer.held, ...onTheWay.map(({ extent }) => extent)].map(({ offset, bytes }) => ({
      offset,
      bytes,
    }));
  }

  /** From now on the checkpoint made of this answer counts. */
  checkpointed(answer: SpaceAnswer): void {
    this.held = answer.held;
    this.grants = this.grants.filter(({ number }) => number > answer.received);
  }

  /** The writer died: everything it had goes to its heirs, and its successor is given anew. */
  died(): void {
    this.orphans.push(...this.held, ...this.grants.map(({ extent }) => extent));
    this.held = [];
    this.grants = [];
    this.granted = 0;
  }

  /**
   * What a dead writer held, less what is used of it.
   * @param used the extents of its log, and the blocks it wrote since the last checkpoint
   * @param end of the used part of the file
   */
  takeOrphans(used: Iterable<Extent>, end: number): readonly Extent[] {
    const space = new FreeSpace(
      this.orphans.map((extent) => ({ ...extent, freedBy: 0 })),
      end,
    );
    this.orphans = [];
    for (const extent of used) space.subtract(extent);
    return space.list().map(({ offset, bytes }) => ({ offset, bytes }));
  }
}
