import { RingBuffer } from 'ringbuf.js';

/** Descriptors that a ring holds: a writer that is 16 million rows behind has long run out of chunks. */
export const RING_CAPACITY = 16_384;
const BATCH = 256;

/** The memory of a ring. */
export function ringStorage(): SharedArrayBuffer {
  return RingBuffer.getStorageForCapacity(RING_CAPACITY, Uint32Array);
}

/**
 * A queue of chunk numbers from one thread to one other, over ringbuf.js. A hint, not the truth: a push that finds it full
 * says so, and the other side walks the chunk headers instead.
 */
export class DescriptorRing {
  private readonly ring: RingBuffer;
  private readonly one = new Uint32Array(1);
  private readonly batch = new Uint32Array(BATCH);

  constructor(storage: SharedArrayBuffer) {
    this.ring = new RingBuffer(storage, Uint32Array as never);
  }

  /** How much of it is taken, 0…1. */
  get use(): number {
    return this.ring.availableRead() / this.ring.capacity();
  }

  /** @returns false if the ring is full */
  push(chunk: number): boolean {
    this.one[0] = chunk;
    return this.ring.push(this.one, 1) === 1;
  }

  /** Takes everything there is, in order. */
  drain(take: (chunk: number) => void): void {
    for (;;) {
      const count = this.ring.pop(this.batch, BATCH);
      for (let i = 0; i < count; i++) take(this.batch[i]!);
      if (count < BATCH) return;
    }
  }
}
