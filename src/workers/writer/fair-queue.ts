/** What waits in a queue, and whose it is. */
export interface Queued {
  readonly producer: number;
}

/**
 * A queue that serves producers in turn, each one's in the order in which they came: whoever sent much at once does not keep
 * the others waiting.
 */
export class FairQueue<T extends Queued> {
  /** By producer; the first one is served next. */
  private lanes: T[][] = [];
  private readonly byProducer = new Map<number, T[]>();
  length = 0;

  push(item: T): void {
    let lane = this.byProducer.get(item.producer);
    if (lane === undefined) {
      lane = [];
      this.byProducer.set(item.producer, lane);
    }
    if (lane.length === 0) this.lanes.push(lane);
    lane.push(item);
    this.length++;
  }

  /** The next one. */
  get first(): T | undefined {
    return this.lanes[0]?.[0];
  }

  /** Takes the next one out; another producer's comes after it. */
  shift(): T | undefined {
    const lane = this.lanes.shift();
    const item = lane?.shift();
    if (item === undefined) return undefined;
    if (lane!.length > 0) this.lanes.push(lane!);
    this.length--;
    return item;
  }

  /** All that wait, one producer's after the other's. */
  all(): T[] {
    return this.lanes.flat();
  }

  /** Takes one out, wherever it stands. @returns whether it was there */
  remove(item: T): boolean {
    const lane = this.byProducer.get(item.producer);
    const place = lane?.indexOf(item) ?? -1;
    if (place < 0) return false;
    lane!.splice(place, 1);
    if (lane!.length === 0) this.lanes = this.lanes.filter((other) => other !== lane);
    this.length--;
    return true;
  }
}
