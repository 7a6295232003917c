import type { Salt, SaltedExtent } from '../../shared/format/root.ts';
import type { FreeSpace } from './free-space.ts';
import type { SpaceBudget } from './space-budget.ts';

/** Extents are multiples of this, the file system's block. */
const EXTENT_ALIGN = 4096;

type Use = 'data' | 'log';

/** A writer's request that found no room. */
interface Waiting {
  readonly writer: number;
  readonly use: Use;
  bytes: number;
  least: number;
  requests: number;
}

/** An extent for a writer, and how many of its requests it answers. */
export interface Grant {
  readonly writer: number;
  readonly use: Use;
  readonly extent: SaltedExtent;
  readonly answers: number;
}

/** Gives out extents: at once where the file may grow; else as room comes free, each writer's turn in order. */
export class ExtentDesk {
  private readonly space: FreeSpace;
  private readonly newSalt: () => Salt;
  /** Set where the file is bounded. */
  budget: SpaceBudget | undefined;
  private waiting: Waiting[] = [];

  constructor(space: FreeSpace, newSalt: () => Salt) {
    this.space = space;
    this.newSalt = newSalt;
  }

  /** An extent that there must be room for. @throws OUT_OF_SPACE */
  take(bytes: number): SaltedExtent {
    return { ...this.space.allot(aligned(bytes)), salt: this.newSalt() };
  }

  /** As `take`, in pieces where a full file has no run of so many bytes: a half or a quarter will do. @throws OUT_OF_SPACE */
  takeAtMost(bytes: number): SaltedExtent {
    for (const part of [1, 2, 4]) {
      const extent = this.space.tryAllot(aligned(bytes / part));
      if (extent !== undefined) return { ...extent, salt: this.newSalt() };
    }
    return this.take(bytes / 4);
  }

  /** An extent for a task; undefined if there is no room now. */
  tryTake(bytes: number): SaltedExtent | undefined {
    return this.budget === undefined ? this.take(bytes) : this.bounded('data', aligned(bytes));
  }

  /** A writer's request: answered by `serve`. */
  ask(writer: number, use: Use, bytes: number, least: number): void {
    const known = this.waiting.find((other) => other.writer === writer && other.use === use);
    if (known === undefined) this.waiting.push({ writer, use, bytes, least, requests: 1 });
    else {
      known.bytes = Math.max(known.bytes, bytes);
      known.least = Math.max(known.least, least);
      known.requests++;
    }
  }

  /** A dead writer waits for nothing. */
  forget(writer: number): void {
    this.waiting = this.waiting.filter((other) => other.writer !== writer);
  }

  /** Answers the requests that can be answered now; logs first, without which no checkpoint holds anything new. */
  serve(): Grant[] {
    if (this.waiting.length === 0) return [];
    const grants: Grant[] = [];
    const left: Waiting[] = [];
    this.waiting.sort((a, b) => Number(b.use === 'log') - Number(a.use === 'log'));
    for (const asked of this.waiting) {
      const extent = this.extentFor(asked);
      if (extent === undefined) left.push(asked);
      else grants.push({ writer: asked.writer, use: asked.use, extent, answers: asked.requests });
    }
    this.waiting = left;
    if (this.budget !== undefined) {
      const least = left.map((asked) => (asked.least > 0 ? aligned(asked.least) : 0));
      this.budget.waitingBytes = least.reduce((sum, bytes) => sum + bytes, 0);
      this.budget.waitingRun = Math.max(0, ...least);
    }
    return grants;
  }

  /** The writers that have a request without an answer. */
  waitingWriters(): Set<number> {
    return new Set(this.waiting.map(({ writer }) => writer));
  }

  private extentFor({ use, bytes, least }: Waiting): SaltedExtent | undefined {
    if (this.budget === undefined) return this.take(bytes);
    // What is wanted; half of it, and so on, as long as it serves.
    for (let size = aligned(bytes); size >= Math.max(least, EXTENT_ALIGN); size = halved(size, least)) {
      const extent = this.bounded(use, size);
      if (extent !== undefined) return extent;
      if (least === 0 || size === aligned(least)) break;
    }
    return undefined;
  }

  private bounded(use: Use, bytes: number): SaltedExtent | undefined {
    const budget = this.budget!;
    if (!budget.mayTake(use, bytes)) return undefined;
    const extent = this.space.tryAllot(bytes);
    if (extent === undefined) return undefined;
    if (budget.hasRuns) return { ...extent, salt: this.newSalt() };
    this.space.free(extent, 0);
    this.space.settle(0);
    return undefined;
  }
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / EXTENT_ALIGN) * EXTENT_ALIGN;
}

/** Half of a size, but not below the least that serves. */
function halved(size: number, least: number): number {
  return Math.max(aligned(size / 2), aligned(Math.max(least, EXTENT_ALIGN)));
}
