import { FileStorage } from '../../src/shared/storage/file-storage.ts';
import type { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import type { Storage } from '../../src/shared/storage/storage.ts';
import type { Random } from '../support/model-values.ts';
import { PowerCutDisk } from '../support/storage/power-cut-disk.ts';

/** How likely each change of the file is to go wrong. */
export interface Dangers {
  readonly powerCut: number;
  readonly failure: number;
  readonly shortWrite: number;
}

/** A disk that fails, and whose power goes. */
export class SimDisk {
  private readonly random: Random;
  private readonly dangers: Dangers;
  private disk: PowerCutDisk;
  private isOn = true;
  /** Calls that failed, the power cut apart. */
  failures = 0;
  /** Write-backs that failed: each open descriptor is told of each, once. */
  private lostWrites = 0;
  /** Changes of the file so far. */
  changes = 0;

  constructor(random: Random, dangers: Dangers, image: Uint8Array) {
    this.random = random;
    this.dangers = dangers;
    this.disk = new PowerCutDisk(image);
  }

  get hasPower(): boolean {
    return this.isOn;
  }

  cutPower(): void {
    this.isOn = false;
  }

  /** The power is back. @returns what is on the disk */
  restorePower(): Uint8Array {
    const image = this.disk.anyState(this.random);
    this.disk = new PowerCutDisk(image);
    this.isOn = true;
    return image;
  }

  /** The real backend, over system calls that reach this disk. */
  open(file: MemoryFile): Storage {
    const inner = file.open();
    const { random, dangers } = this;
    let told = this.lostWrites;
    return new FileStorage(
      {
        read: (_fd, into, offset, length, position) => {
          this.check('read');
          return inner.read(into.subarray(offset, offset + length), position);
        },
        write: (_fd, bytes, offset, length, position) => {
          this.change('write');
          const part =
            length > 1 && random.chance(dangers.shortWrite) ? 1 + random.below(length - 1) : length;
          const written = bytes.slice(offset, offset + part);
          inner.write(written, position);
          this.disk.apply({ kind: 'write', position, bytes: written });
          return part;
        },
        fdatasync: () => {
          if (told < this.lostWrites) {
            told = this.lostWrites;
            throw Object.assign(new Error('EIO: of an earlier write, fdatasync'), { code: 'EIO' });
          }
          try {
            this.change('fdatasync');
          } catch (error) {
            if (this.isOn) {
              file.forgetUnsynced();
              this.disk.failSync(random);
              told = ++this.lostWrites;
            }
            throw error;
          }
          inner.sync();
          this.disk.apply({ kind: 'sync' });
        },
        ftruncate: (_fd, length) => {
          this.change('ftruncate');
          inner.truncate(length);
          this.disk.apply({ kind: 'truncate', length });
        },
        fstat: () => ({ size: BigInt(inner.length()), dev: 1n, ino: 1n }),
        close: () => inner.close(),
      },
      0,
      'simulated',
    );
  }

  private change(call: string): void {
    this.changes++;
    this.check(call);
    if (this.random.chance(this.dangers.powerCut)) this.isOn = false;
    this.check(call);
    if (!this.random.chance(this.dangers.failure)) return;
    this.failures++;
    const code = this.random.pick(['EIO', 'ENOSPC', 'EDQUOT']);
    throw Object.assign(new Error(`${code}: simulated, ${call}`), { code });
  }

  private check(call: string): void {
    if (!this.isOn) throw Object.assign(new Error(`no power, ${call}`), { code: 'EIO' });
  }
}
