import {
  closeSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  linkSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { MillraceError } from '../errors.ts';
import type { Storage } from './storage.ts';

/** The URL by which threads load this backend. */
export const FILE_STORAGE_MODULE = import.meta.url;

/** An interrupted call is made again this often; one that is interrupted for ever is an error, not a thread that hangs. */
const INTERRUPTIONS_MAX = 100;

/** The system calls on an open file. Tests hand in some that fail. */
export interface FileCalls {
  read(fd: number, into: Uint8Array, offset: number, length: number, position: number): number;
  write(fd: number, bytes: Uint8Array, offset: number, length: number, position: number): number;
  fdatasync(fd: number): void;
  fstat(fd: number): { readonly size: bigint; readonly dev: bigint; readonly ino: bigint };
  ftruncate(fd: number, length: number): void;
  close(fd: number): void;
}

const SYSTEM: FileCalls = {
  read: readSync,
  write: writeSync,
  fdatasync: fdatasyncSync,
  fstat: (fd) => fstatSync(fd, { bigint: true }),
  ftruncate: ftruncateSync,
  close: closeSync,
};

/** The real file, by its path. Each thread opens it itself: Linux reports a write-back error once a descriptor. */
export function openStorage(location: unknown, writable: boolean): Storage {
  const path = String(location);
  const fd = attempt('open', path, () => openSync(path, writable ? 'r+' : 'r'));
  return new FileStorage(SYSTEM, fd, path);
}

/** Storage over an open file. `openStorage` uses it; tests give it calls that fail. */
export class FileStorage implements Storage {
  private readonly calls: FileCalls;
  private readonly fd: number;
  private readonly path: string;

  constructor(calls: FileCalls, fd: number, path: string) {
    this.calls = calls;
    this.fd = fd;
    this.path = path;
  }

  read(into: Uint8Array, position: number): number {
    let done = 0;
    while (done < into.length) {
      const read = attempt('read', this.path, () =>
        this.calls.read(this.fd, into, done, into.length - done, position + done),
      );
      if (read === 0) break;
      done += read;
    }
    return done;
  }

  write(bytes: Uint8Array, position: number): void {
    let done = 0;
    while (done < bytes.length) {
      // A disk that is nearly full takes a part and then says why.
      const taken = attempt('write', this.path, () =>
        this.calls.write(this.fd, bytes, done, bytes.length - done, position + done),
      );
      if (taken === 0) throw ioError('write', this.path, new Error('the system took no byte'));
      done += taken;
    }
  }

  sync(): void {
    attempt('fdatasync', this.path, () => this.calls.fdatasync(this.fd));
  }

  length(): number {
    return Number(attempt('fstat', this.path, () => this.calls.fstat(this.fd)).size);
  }

  truncate(length: number): void {
    attempt('ftruncate', this.path, () => this.calls.ftruncate(this.fd, length));
  }

  identity(): string {
    const { dev, ino } = attempt('fstat', this.path, () => this.calls.fstat(this.fd));
    return `${dev}:${ino}`;
  }

  close(): void {
    this.calls.close(this.fd);
  }
}

/** What `Storage.identity` of the file at a path would say; undefined if there is none. */
export function fileIdentity(path: string): string | undefined {
  const stat = attempt('stat', path, () => statSync(path, { bigint: true, throwIfNoEntry: false }));
  return stat === undefined ? undefined : `${stat.dev}:${stat.ino}`;
}

/** The error for a path that has another file now than the one that is open, or none. */
export function fileReplaced(path: string): MillraceError {
  const what = fileIdentity(path) === undefined ? 'removed' : 'replaced by another';
  return new MillraceError(
    'FILE_REPLACED',
    `${path} was ${what} while it was open; close the database, put the file back, and open it again`,
    { path },
  );
}

/** What a path is: nothing yet, a file, or something that cannot be a database. */
export function fileKind(path: string): 'none' | 'file' | 'directory' | 'other' {
  const stat = attempt('stat', path, () => statSync(path, { throwIfNoEntry: false }));
  if (stat === undefined) return 'none';
  if (stat.isFile()) return 'file';
  return stat.isDirectory() ? 'directory' : 'other';
}

/**
 * Makes a file with these bytes, folders above it included. It has its name only once it is whole and synced, and it
 * never takes the place of another: if there is one meanwhile, that one stays.
 */
export function createFile(path: string, bytes: Uint8Array): void {
  attempt('make the folder of', path, () => mkdirSync(dirname(path), { recursive: true }));
  const draft = `${path}.${process.pid}.new`;
  const fd = attempt('create', draft, () => openSync(draft, 'w'));
  try {
    attempt('write', draft, () => writeSync(fd, bytes));
    attempt('fsync', draft, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
  try {
    linkSync(draft, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw ioError('create', path, error);
  } finally {
    unlinkSync(draft);
  }
  syncFolder(dirname(path));
}

/** Makes a name in a folder durable; Windows cannot and need not. */
function syncFolder(folder: string): void {
  if (process.platform === 'win32') return;
  const fd = attempt('open', folder, () => openSync(folder, 'r'));
  try {
    attempt('fsync', folder, () => fsyncSync(fd));
  } finally {
    closeSync(fd);
  }
}

function attempt<T>(what: string, path: string, call: () => T): T {
  for (let interruptions = 0; ; interruptions++) {
    try {
      return call();
    } catch (error) {
      // An interrupted call did nothing; only a sync must never be asked for twice.
      const again = (error as NodeJS.ErrnoException).code === 'EINTR' && interruptions < INTERRUPTIONS_MAX;
      if (again && what !== 'fdatasync' && what !== 'fsync') continue;
      throw ioError(what, path, error);
    }
  }
}

function ioError(what: string, path: string, cause: unknown): MillraceError {
  const { code, message } = cause as NodeJS.ErrnoException;
  return new MillraceError(
    'IO_ERROR',
    `cannot ${what} ${path}: ${message}`,
    { path, call: what, errno: code },
    cause,
  );
}
