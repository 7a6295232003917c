import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import { MillraceError } from '../../shared/errors.ts';

/** Where an export goes. */
export interface ByteSink {
  write(pieces: readonly Uint8Array[]): Promise<void>;
  /** All was written. */
  finish(): Promise<void>;
  /** It failed or was interrupted: what was written is of no use. */
  discard(): Promise<void>;
}

/** A file that gets its name only when it is whole: until then it is `NAME.part-PID` beside it. */
export class OutputFile implements ByteSink {
  private readonly path: string;
  private readonly part: string;
  private readonly handle: FileHandle;

  private constructor(path: string, part: string, handle: FileHandle) {
    this.path = path;
    this.part = part;
    this.handle = handle;
  }

  /** @throws IO_ERROR */
  static async open(path: string): Promise<OutputFile> {
    const part = `${path}.part-${process.pid}`;
    return asIoError(path, async () => new OutputFile(path, part, await open(part, 'w')));
  }

  async write(pieces: readonly Uint8Array[]): Promise<void> {
    await asIoError(this.path, async () => {
      for (const piece of pieces) {
        for (let at = 0; at < piece.length; ) {
          at += (await this.handle.write(piece, at, piece.length - at)).bytesWritten;
        }
      }
    });
  }

  async finish(): Promise<void> {
    await asIoError(this.path, async () => {
      await this.handle.sync();
      await this.handle.close();
      await rename(this.part, this.path);
    });
  }

  async discard(): Promise<void> {
    await this.handle.close().catch(() => {});
    await unlink(this.part).catch(() => {});
  }
}

async function asIoError<T>(path: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw new MillraceError(
      'IO_ERROR',
      `${path} cannot be written: ${(error as Error).message}`,
      { path },
      error,
    );
  }
}
