/**
 * All that Millrace ever does to its file. The real file, the one in memory and those that tests use to cut the power
 * implement it. Every call is synchronous: writers and recovery are step functions that run in threads of their own.
 */
export interface Storage {
  /**
   * Reads up to `into.length` bytes from `position`.
   * @returns the bytes read; fewer only at the end of the file.
   */
  read(into: Uint8Array, position: number): number;

  /** Writes all of `bytes` at `position`, growing the file if needed. Throws if not all of it was taken. */
  write(bytes: Uint8Array, position: number): void;

  /** Returns once everything written so far, by any handle of this file, survives a power cut (fdatasync). */
  sync(): void;

  /** Bytes of the file now. */
  length(): number;

  /** Cuts the file to `length` bytes. Never used to grow it. */
  truncate(length: number): void;

  /** Something that is equal for two handles if and only if they are handles of the same file. */
  identity(): string;

  close(): void;
}

/** How storage is had in a thread: what a backend's module exports. */
export interface StorageModule {
  /**
   * Opens the file that `location` names.
   * @param location plain data, as it was handed to the engine; a path for the real backend
   * @param writable false opens for reading only
   */
  openStorage(location: unknown, writable: boolean): Storage;
}

/** Plain, clonable data that says how any thread opens the same storage. */
export interface StorageRef {
  /** URL of a module that is a `StorageModule`. */
  readonly module: string;
  readonly location: unknown;
}

/** Opens what a reference names, in the calling thread. */
export async function openStorageRef(ref: StorageRef, writable: boolean): Promise<Storage> {
  const backend = (await import(ref.module)) as StorageModule;
  return backend.openStorage(ref.location, writable);
}

/**
 * Reads exactly `length` bytes, or returns undefined if the file ends before.
 * @param scratch where to read them if they fit there; else into memory of their own
 */
export function readExactly(
  storage: Storage,
  position: number,
  length: number,
  scratch?: Uint8Array,
): Uint8Array | undefined {
  const fits = scratch !== undefined && length <= scratch.length;
  const bytes = fits ? scratch.subarray(0, length) : new Uint8Array(length);
  return storage.read(bytes, position) === length ? bytes : undefined;
}
