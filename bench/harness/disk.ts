import { closeSync, fdatasyncSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import { makeRandom } from '../workload/random.ts';
import { spreadOf } from './stats.ts';

const PIECE_BYTES = 1024 * 1024;
const SMALL_BYTES = 4096;
const SMALL_WRITES = 50;

/** What a disk can do for a program that only writes: the limit that durable engines stand beside. */
export interface DiskRate {
  /** MB/s (10⁶ bytes) of writing all bytes in 1 MiB pieces, with one fdatasync at the end. */
  readonly writeMBs: number;
  /** The same with an fdatasync after each piece. */
  readonly syncedMBs: number;
  /** Median ms of appending 4 KiB and fdatasync. */
  readonly commitMs: number;
}

/** Measures the disk below `folder` with files of `bytes` bytes that are removed again. */
export function measureDisk(folder: string, bytes: number): DiskRate {
  const piece = randomBytes(PIECE_BYTES);
  const pieces = Math.max(1, Math.ceil(bytes / PIECE_BYTES));
  const path = join(folder, 'disk-rate.tmp');
  return {
    writeMBs: rate(path, piece, pieces, false),
    syncedMBs: rate(path, piece, pieces, true),
    commitMs: withFile(path, (fd) => commitLatency(fd, piece.subarray(0, SMALL_BYTES))),
  };
}

/** Waits until the file system has done what it still owes to files that were removed or made just before. */
export function settleDisk(folder: string): void {
  withFile(join(folder, 'settle.tmp'), () => {});
}

function rate(path: string, piece: Uint8Array, pieces: number, syncEach: boolean): number {
  return withFile(path, (fd) => {
    const start = performance.now();
    for (let i = 0; i < pieces; i++) {
      writeAll(fd, piece);
      if (syncEach) fdatasyncSync(fd);
    }
    fdatasyncSync(fd);
    return (pieces * piece.length) / 1e3 / (performance.now() - start);
  });
}

function commitLatency(fd: number, page: Uint8Array): number {
  const times: number[] = [];
  for (let i = 0; i < SMALL_WRITES; i++) {
    const start = performance.now();
    writeAll(fd, page);
    fdatasyncSync(fd);
    times.push(performance.now() - start);
  }
  return spreadOf(times).median;
}

// Each measurement has a new file: writing over old blocks would skip the allocation that engines pay for.
function withFile<R>(path: string, use: (fd: number) => R): R {
  const fd = openSync(path, 'wx');
  try {
    settle(fd);
    return use(fd);
  } finally {
    closeSync(fd);
    rmSync(path, { force: true });
  }
}

function settle(fd: number): void {
  writeSync(fd, new Uint8Array(SMALL_BYTES));
  fsyncSync(fd);
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

// Random, because some disks and file systems compress or skip zeros.
function randomBytes(length: number): Uint8Array {
  const random = makeRandom(1, 2, 3);
  return Uint8Array.from({ length }, () => random.below(256));
}
