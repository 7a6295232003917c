import { MessageChannel } from 'node:worker_threads';

/** Memory from this size on is not zeroed first: below, the two ways cost the same. */
const LARGE_BYTES = 256 << 10;
/** Just below the largest piece that glibc's malloc learns to keep (DEFAULT_MMAP_THRESHOLD_MAX, 32 MiB). */
const LESSON_BYTES = (32 << 20) - (64 << 10);

let isTaught = false;

/**
 * Memory for rows that are all about to be written: large pieces hold anything at first.
 *
 * Most of the price of a large result is its pages: the system gives and zeroes each of them when it is first written to, 1 to
 * 2 µs for 4 KiB on the machines we measured, which is as long as decoding 500 values takes. So zeroing is left out, and malloc
 * is taught to keep freed memory (docs/decisions/0026).
 */
export function rowMemory(bytes: number): ArrayBuffer {
  if (bytes < LARGE_BYTES) return new ArrayBuffer(bytes);
  if (!isTaught) keepFreedMemory();
  // Not from the pool: a result owns its memory.
  return Buffer.allocUnsafeSlow(bytes).buffer as ArrayBuffer;
}

/**
 * glibc's malloc gets each piece over 128 KiB from the system, and gives it back when it is freed, until it has seen a piece of
 * that size being freed: from then on it keeps up to twice as much. Shown once a piece of the largest size, which is never
 * touched and so takes no memory, it keeps the pages of our results for the next ones. Other allocators take no notice.
 */
function keepFreedMemory(): void {
  isTaught = true;
  const piece = new ArrayBuffer(LESSON_BYTES);
  // A message that nobody can receive is the one way to free memory at once, without waiting for the garbage collector.
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(piece, [piece]);
  port1.close();
  port2.close();
}
