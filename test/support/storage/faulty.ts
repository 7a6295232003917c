import { type FileCalls, FileStorage } from '../../../src/shared/storage/file-storage.ts';
import type { MemoryFile } from '../../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../../src/shared/storage/storage.ts';

/** What may go wrong with a system call. */
export const FAULTS = ['EIO', 'ENOSPC', 'EDQUOT', 'short write', 'EINTR'] as const;
export type Fault = (typeof FAULTS)[number];

/** Which call fails, how, and whether all later ones do. Counts the calls of every storage that it is given to. */
export class FaultPlan {
  calls = 0;
  /** Whether a call has failed. */
  struck = false;
  /** Whether the disk is well again. */
  isOver = false;
  /** Write-backs that failed: each open descriptor is told of each, once. */
  lostWrites = 0;

  /** Calls that change the file (write, fdatasync, ftruncate) are counted, or those that read it. */
  readonly of: 'changes' | 'reads';
  /** The number of the call that fails, from 1. */
  readonly at: number;
  readonly fault: Fault;
  readonly forEver: boolean;

  constructor(of: 'changes' | 'reads', at: number, fault: Fault, forEver: boolean) {
    this.of = of;
    this.at = at;
    this.fault = fault;
    this.forEver = forEver;
  }

  /** Counts a call. @returns whether it is one that fails */
  next(of: 'changes' | 'reads'): boolean {
    if (of !== this.of || this.isOver) return false;
    this.calls++;
    const fails = this.forEver ? this.calls >= this.at : this.calls === this.at;
    this.struck ||= fails;
    return fails;
  }
}

/**
 * The real storage over a file in memory whose system calls fail as a plan says. A failing fdatasync drops what was pending:
 * it is still read, but no later sync saves it; each other storage is told so by its next sync, once (as Linux does).
 */
export function faultyStorage(file: MemoryFile, plan: FaultPlan): Storage {
  const inner = file.open();
  let told = plan.lostWrites;
  const fail = (call: string): never => {
    throw Object.assign(new Error(`${plan.fault}: made to fail, ${call}`), {
      code: plan.fault,
      syscall: call,
    });
  };
  const calls: FileCalls = {
    read: (_fd, into, offset, length, position) => {
      const fails = plan.next('reads');
      if (fails && plan.fault !== 'short write') fail('read');
      const part = fails ? Math.ceil(length / 2) : length;
      return inner.read(into.subarray(offset, offset + part), position);
    },
    write: (_fd, bytes, offset, length, position) => {
      const fails = plan.next('changes');
      // A disk that is nearly full takes a part first.
      const part = fails
        ? plan.fault === 'EINTR' || plan.fault === 'EIO'
          ? 0
          : Math.ceil(length / 2)
        : length;
      if (part > 0) inner.write(bytes.subarray(offset, offset + part), position);
      if (fails && plan.fault !== 'short write') fail('write');
      return part;
    },
    fdatasync: () => {
      if (told < plan.lostWrites) {
        told = plan.lostWrites;
        fail('fdatasync');
      }
      if (plan.next('changes') && plan.fault !== 'short write') {
        if (plan.fault !== 'EINTR') {
          file.forgetUnsynced();
          told = ++plan.lostWrites;
        }
        fail('fdatasync');
      }
      inner.sync();
    },
    ftruncate: (_fd, length) => {
      if (plan.next('changes') && plan.fault !== 'short write') fail('ftruncate');
      inner.truncate(length);
    },
    fstat: () => ({
      size: BigInt(inner.length()),
      dev: 1n,
      ino: BigInt(inner.identity().replace(/\D/g, '')),
    }),
    close: () => inner.close(),
  };
  return new FileStorage(calls, 0, 'memory');
}
