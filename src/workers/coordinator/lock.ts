import { createHash } from 'node:crypto';
import { closeSync, constants, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Server } from 'node:net';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { MillraceError } from '../../shared/errors.ts';

/** A lock that is gone with the process that holds it, however that ends. */
export interface FileLock {
  release(): void;
}

/** Who holds a lock. */
interface Owner {
  readonly pid: number;
  readonly host: string;
  /** When it took the lock, in ISO 8601. */
  readonly since: string;
}

/** An owner that does not say who it is within this time is left unnamed: it may be busy, or about to end. */
const ASK_MS = 2000;
/** An owner that ends between our two looks leaves the lock to whoever looks again. */
const MAX_TRIES = 5;
/** macOS and the BSDs: open with an exclusive `flock`. Node has no name for it. */
const O_EXLOCK = 0x20;

/**
 * Makes sure that this is the only writer of a file on this machine. The means are the system's, and go with the process:
 *
 * | system | lock | how the owner is asked who it is |
 * |---|---|---|
 * | Linux | listening on an abstract socket named after device and inode | there |
 * | Windows | listening on a named pipe of that name, of which there can be only one | there |
 * | macOS, FreeBSD | `O_EXLOCK` on the file | over a socket in the temporary folder |
 *
 * Only Linux was tried. Elsewhere there is no lock, and two writers are not kept apart.
 * @throws DATABASE_LOCKED with pid, host and since of the owner; IO_ERROR
 */
export async function lockFile(identity: string, path: string): Promise<FileLock> {
  // A storage that is no file has no name that processes share.
  if (!/^\d+:\d+$/.test(identity)) return { release: () => {} };
  const name = `millrace-${identity.replace(':', '-')}`;
  switch (process.platform) {
    case 'linux':
      return lockByListening(`\0${name}`, path);
    case 'win32':
      return lockByListening(`\\\\.\\pipe\\${name}`, path);
    case 'darwin':
    case 'freebsd':
      return lockByOpening(join(tmpdir(), `${shortName(name)}.sock`), path);
    default:
      return { release: () => {} };
  }
}

async function lockByListening(address: string, path: string): Promise<FileLock> {
  for (let tries = 1; ; tries++) {
    try {
      const server = await listen(address);
      return { release: () => void server.close() };
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cannotLock(path, error);
      const owner = await askOwner(address);
      if (owner === 'gone' && tries < MAX_TRIES) continue;
      throw locked(path, owner === 'gone' ? undefined : owner);
    }
  }
}

async function lockByOpening(address: string, path: string): Promise<FileLock> {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK | O_EXLOCK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'EAGAIN' && code !== 'EWOULDBLOCK') throw cannotLock(path, error);
    const owner = await askOwner(address);
    throw locked(path, owner === 'gone' ? undefined : owner);
  }
  // The lock is held: a socket of that name is a dead owner's. Without ours the lock holds all the same.
  rmSync(address, { force: true });
  const server = await listen(address).catch(() => undefined);
  return {
    release: () => {
      server?.close();
      closeSync(fd);
    },
  };
}

/** Listens, and tells everyone who connects who we are. */
async function listen(address: string): Promise<Server> {
  const owner: Owner = { pid: process.pid, host: hostname(), since: new Date().toISOString() };
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    socket.end(JSON.stringify(owner));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    // `exclusive`, because a cluster's primary would else listen in its workers' place and outlive them.
    server.listen({ path: address, exclusive: true }, resolve);
  });
  server.unref();
  return server;
}

/** Asks a lock's owner who it is: undefined if it does not say, 'gone' if nobody is there. */
function askOwner(address: string): Promise<Owner | 'gone' | undefined> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect({ path: address });
    const end = (answer: Owner | 'gone' | undefined): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(answer);
    };
    const timer = setTimeout(() => end(undefined), ASK_MS);
    socket.setEncoding('utf8');
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('end', () => end(ownerOf(text)));
    socket.on('error', (error: NodeJS.ErrnoException) => {
      const gone = error.code === 'ECONNREFUSED' || error.code === 'ENOENT' || error.code === 'ECONNRESET';
      end(gone ? 'gone' : undefined);
    });
  });
}

function ownerOf(text: string): Owner | undefined {
  try {
    const { pid, host, since } = JSON.parse(text) as Partial<Owner>;
    const sound = typeof pid === 'number' && typeof host === 'string' && typeof since === 'string';
    return sound ? { pid, host, since } : undefined;
  } catch {
    return undefined;
  }
}

function locked(path: string, owner: Owner | undefined): MillraceError {
  const who =
    owner === undefined
      ? 'by a process that does not say who it is'
      : owner.pid === process.pid
        ? `in this process (pid ${owner.pid} on ${owner.host}), since ${owner.since}`
        : `in process ${owner.pid} on ${owner.host}, since ${owner.since}`;
  return new MillraceError(
    'DATABASE_LOCKED',
    `${path} is open for writing already, ${who}; close it there, or open it with readOnly`,
    { path, ...owner },
  );
}

function cannotLock(path: string, error: unknown): MillraceError {
  return new MillraceError('IO_ERROR', `cannot lock ${path}: ${(error as Error).message}`, { path }, error);
}

/** Socket paths have at most 104 bytes on macOS. */
function shortName(name: string): string {
  return `millrace-${createHash('sha256').update(name).digest('hex').slice(0, 16)}`;
}
