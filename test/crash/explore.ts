import { Random } from '../support/model-values.ts';
import { PowerCutDisk } from '../support/storage/power-cut-disk.ts';
import { ScratchFile } from '../support/storage/scratch-file.ts';
import type { FileOp } from '../support/storage/tracing.ts';
import { appendAndCrash, type Bounds, checkCounts, checkImage, recoverForWriting } from './check-image.ts';
import { type Counts, GONE } from './crash-tables.ts';
import { ImageKeys, sectorsOf } from './image-keys.ts';
import { runWorkload, type Workload } from './workloads.ts';

export interface ExploreOptions {
  /** States at most of each point of a workload, about. */
  readonly statesOfPoint: number;
  /** Of so many states one has the crashes of its own recovery explored. */
  readonly recoveryOfEvery: number;
  /** States at most of each point of a recovery, about. */
  readonly statesOfRecoveryPoint: number;
  /** Of so many states one is opened by a whole engine and appended to. */
  readonly appendToEvery: number;
  /** Of a workload whose file is large from the beginning, so that each state costs more: this share of all states. */
  readonly shareOfFull: number;
}

/** Numbers of distinct states, by their bytes. */
export interface Explored {
  states: number;
  ofRecovery: number;
  /** Points in time after which the power was cut. */
  points: number;
  /** States that lack some of what had been appended. */
  withLoss: number;
}

/** Cuts the power after every step of a workload in every way that there is time for, and checks what is left. */
export async function explore(workload: Workload, seed: number, options: ExploreOptions): Promise<Explored> {
  const world = await runWorkload(workload, seed);
  const share = workload.isFull === true ? options.shareOfFull : 1;
  return new Explorer(`"${workload.name}", seed ${seed}`, seed, options, share).run(
    world.before,
    world.events,
  );
}

class Explorer {
  private readonly where: string;
  private readonly random: Random;
  private readonly options: ExploreOptions;
  private readonly share: number;
  /** What each image held, by its key. */
  private readonly seen = new Map<string, Counts>();
  private readonly file = new ScratchFile();
  private readonly secondFile = new ScratchFile();
  private readonly result: Explored = { states: 0, ofRecovery: 0, points: 0, withLoss: 0 };

  constructor(where: string, seed: number, options: ExploreOptions, share: number) {
    this.where = where;
    this.random = new Random(seed ^ 0x5eed);
    this.options = options;
    this.share = share;
  }

  async run(
    before: Uint8Array,
    events: Awaited<ReturnType<typeof runWorkload>>['events'],
  ): Promise<Explored> {
    const disk = new NamedDisk(before);
    // What the first opening found was there before it.
    let bounds: Bounds = events.find((event) => event.kind === 'mark')!;
    let hasNews = false;
    for (const [i, event] of events.entries()) {
      if (event.kind === 'mark') {
        // What was acknowledged must be there from now on, so the same bytes are looked at with other eyes.
        hasNews ||= !sameCounts(event.acked, bounds.acked);
        bounds = event;
        continue;
      }
      if (hasNews) await this.point(disk, bounds, 4, `before event ${i}`);
      hasNews = false;
      disk.apply(event);
      await this.point(disk, bounds, this.options.statesOfPoint, `after event ${i}, a ${event.kind}`);
    }
    await this.point(disk, bounds, this.options.statesOfPoint, 'at the end');
    return this.result;
  }

  private async point(disk: NamedDisk, bounds: Bounds, most: number, when: string): Promise<void> {
    this.result.points++;
    let state = 0;
    for (const { image, key } of disk.states(this.random, most, this.share)) {
      await this.visit(image, key, bounds, `${this.where}, ${when}, state ${state++}`);
    }
  }

  private async visit(image: Uint8Array, key: string, bounds: Bounds, where: string): Promise<void> {
    try {
      const known = this.seen.get(key);
      if (known !== undefined) {
        // The same bytes, but perhaps more has been acknowledged since.
        checkCounts(known, bounds);
        return;
      }
      const found = await checkImage(image, bounds);
      this.seen.set(key, found);
      this.result.states++;
      if (lacksRows(found, bounds.appended)) this.result.withLoss++;
      await this.reopen(image, found, bounds, this.result.states % this.options.recoveryOfEvery === 0, where);
      if (this.result.states % this.options.appendToEvery === 0)
        await appendAndCrash(image, found, this.random, bounds.bound);
    } catch (error) {
      throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
    }
  }

  /** Opens a state for writing: the same rows must be there, durable; if wanted, after a crash at any point of it too. */
  private async reopen(
    image: Uint8Array,
    found: Counts,
    { appended, bound }: Bounds,
    isExplored: boolean,
    where: string,
  ): Promise<void> {
    const writers = bound === undefined ? 2 : 1;
    recoverForWriting(this.file.open(image, isExplored), this.random, writers);
    const exactly = { acked: found, appended: found, bound };
    await checkImage(this.file.syncedImage(), exactly);
    if (!isExplored) return;
    // A recovery that did not come to its end may leave more: what it writes to the place of a torn block can be what that
    // block lacks, where it writes the same rows.
    const atLeast = { acked: found, appended, bound };
    const disk = new NamedDisk(image);
    for (const [i, op] of this.file.ops!.entries()) {
      disk.apply(op);
      for (const { image: again, key } of disk.states(
        this.random,
        this.options.statesOfRecoveryPoint,
        this.share,
      )) {
        try {
          const known = this.seen.get(key);
          if (known !== undefined) {
            checkCounts(known, atLeast);
            continue;
          }
          this.result.ofRecovery++;
          const now = await checkImage(again, atLeast);
          this.seen.set(key, now);
          recoverForWriting(this.secondFile.open(again), this.random, writers);
          await checkImage(this.secondFile.syncedImage(), { acked: now, appended: now, bound });
        } catch (error) {
          throw new Error(
            `${where}, then a crash after op ${i} of its recovery: ${(error as Error).message}`,
            {
              cause: error,
            },
          );
        }
      }
    }
  }
}

/** A disk whose states have names. */
class NamedDisk {
  private readonly disk: PowerCutDisk;
  private readonly keys: ImageKeys;

  constructor(image: Uint8Array) {
    this.disk = new PowerCutDisk(image);
    this.keys = new ImageKeys(image);
  }

  apply(op: FileOp): void {
    const touched = op.kind === 'sync' ? this.touched() : undefined;
    this.disk.apply(op);
    if (touched !== undefined) this.keys.rebase(this.disk.certain, touched);
  }

  private touched(): Set<number> {
    return new Set(this.disk.touched().flatMap(({ position, bytes }) => sectorsOf(position, bytes)));
  }

  /** Each is gone when the next one is asked for. */
  *states(random: Random, most: number, share: number): Generator<{ image: Uint8Array; key: string }> {
    const touched = this.touched();
    for (const image of this.disk.statesInTurn(random, most, share))
      yield { image, key: this.keys.keyOf(image, touched) };
  }
}

function sameCounts(a: Counts, b: Counts): boolean {
  return JSON.stringify([...a].sort()) === JSON.stringify([...b].sort());
}

/** Whether some row is not there, those apart that made way for newer ones. */
function lacksRows(found: Counts, appended: Counts): boolean {
  return [...appended].some(([name, counts]) => {
    const there = found.get(name);
    return there === undefined || counts.slice(0, GONE).some((count, i) => there[i]! < count);
  });
}
