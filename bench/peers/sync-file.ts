import { closeSync, fdatasyncSync, openSync } from 'node:fs';

/** Syncs a file of an engine that runs; one that the engine has removed meanwhile needs it no more. */
export function syncFile(path: string): void {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  fdatasyncSync(fd);
  closeSync(fd);
}
