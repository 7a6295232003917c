/**
 * A growing run of bytes to encode into, reused from block to block so that the hot path does not allocate.
 * `bytes` is replaced when it grows: take it again after `reserve`.
 */
export class ByteSink {
  bytes: Uint8Array;
  view: DataView;
  length = 0;

  constructor(capacity = 65_536) {
    this.bytes = new Uint8Array(capacity);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for `count` more bytes, moves the end behind them and returns where they begin. They may hold anything. */
  reserve(count: number): number {
    const at = this.length;
    const needed = at + count;
    if (needed > this.bytes.length) {
      const larger = new Uint8Array(Math.max(needed, this.bytes.length * 2));
      larger.set(this.bytes.subarray(0, at));
      this.bytes = larger;
      this.view = new DataView(larger.buffer);
    }
    this.length = needed;
    return at;
  }

  /** Appends bytes. */
  push(bytes: Uint8Array): void {
    const at = this.reserve(bytes.length);
    this.bytes.set(bytes, at);
  }

  /** Appends zeros up to the next multiple of 8 from `start`. */
  pad8(start = 0): void {
    const rest = (this.length - start) & 7;
    if (rest === 0) return;
    const at = this.reserve(8 - rest);
    this.bytes.fill(0, at, this.length);
  }

  /** What has been written; valid until the next write. */
  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }

  clear(): void {
    this.length = 0;
  }
}
