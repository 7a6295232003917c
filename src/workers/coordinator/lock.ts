import { createServer } from 'node:net';
import { MillraceError } from '../../shared/errors.ts';

/** A lock that is gone with the process that holds it, however that ends. */
export interface FileLock {
  release(): void;
}

/**
 * Makes sure that this is the only writer of a file on this machine: on Linux by listening on an abstract socket named
 * after the file's device and inode, which the kernel frees with the process. Other systems have no such name; there two
 * writers are not kept apart yet.
 * @throws DATABASE_LOCKED
 */
export async function lockFile(identity: string, path: string): Promise<FileLock> {
  if (process.platform !== 'linux' || !/^\d+:\d+$/.test(identity)) return { release: () => {} };
  const server = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const taken = error.code === 'EADDRINUSE';
      reject(
        new MillraceError(
          taken ? 'DATABASE_LOCKED' : 'IO_ERROR',
          taken
            ? `${path} is open for writing already, in this process or another; close it there, or open it with readOnly`
            : `cannot lock ${path}: ${error.message}`,
          { path },
          error,
        ),
      );
    });
    // `exclusive`, because a cluster's primary would else listen in its workers' place and outlive them.
    server.listen({ path: `\0millrace-${identity}`, exclusive: true }, resolve);
  });
  server.unref();
  return { release: () => void server.close() };
}
