import { type FileHandle, open } from 'node:fs/promises';
import {
  type AsyncBuffer,
  type FileMetaData,
  type ParquetParsers,
  parquetMetadataAsync,
  parquetRead,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { badInput } from './bad-input.ts';
import type { RawValues } from './parquet-column.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Values as the file has them: timestamps as bigints of their own unit and not as Dates, which know ms only; text that is
 * no UTF-8 is an error and not a replacement character.
 */
const PARSERS: Partial<ParquetParsers> = {
  timestampFromMilliseconds: (value) => value,
  timestampFromMicroseconds: (value) => value,
  timestampFromNanoseconds: (value) => value,
  dateFromDays: (value) => value,
  stringFromBytes: (bytes) => bytes && utf8.decode(bytes),
  jsonFromBytes: (bytes) => bytes && utf8.decode(bytes),
  geometryFromBytes: (bytes) => bytes,
  geographyFromBytes: (bytes) => bytes,
};

/** For the footer: its statistics may be bytes that are no text, or text that was cut within a character. */
const FOOTER_PARSERS: Partial<ParquetParsers> = {
  ...PARSERS,
  stringFromBytes: (bytes) => bytes as never,
  jsonFromBytes: (bytes) => bytes as never,
};

/** A piece of a column: values for the rows from `at` on, counted in the row group. */
export interface ColumnPiece {
  readonly values: RawValues;
  readonly at: number;
}

/** A Parquet file, of which one column of one row group is decoded at a time. */
export class ParquetFile {
  readonly path: string;
  readonly metadata: FileMetaData;
  readonly byteLength: number;
  readonly #handle: FileHandle;
  readonly #buffer: AsyncBuffer;

  private constructor(path: string, handle: FileHandle, buffer: AsyncBuffer, metadata: FileMetaData) {
    this.path = path;
    this.metadata = metadata;
    this.byteLength = buffer.byteLength;
    this.#handle = handle;
    this.#buffer = buffer;
  }

  /** Opens a file and reads its footer. Throws BAD_INPUT_FILE if it has none, and what the operating system says. */
  static async open(path: string): Promise<ParquetFile> {
    const handle = await open(path, 'r');
    try {
      const { size } = await handle.stat();
      const buffer = { byteLength: size, slice: (from: number, to = size) => readRange(handle, from, to) };
      const metadata = await decode({ file: path }, () =>
        parquetMetadataAsync(buffer, { parsers: FOOTER_PARSERS, geoparquet: false }),
      );
      return new ParquetFile(path, handle, buffer, metadata);
    } catch (error) {
      await handle.close();
      throw error;
    }
  }

  /** Row number, from 0, of the first row of each row group, and one more for the end. */
  groupStarts(): number[] {
    const starts = [0];
    for (const { num_rows } of this.metadata.row_groups) starts.push(starts.at(-1)! + Number(num_rows));
    return starts;
  }

  /** Bytes of a column of a row group, as stored. */
  storedBytes(group: number, column: string): number {
    const chunk = this.metadata.row_groups[group]!.columns.find(
      (each) => each.meta_data?.path_in_schema[0] === column,
    );
    return Number(chunk?.meta_data?.total_compressed_size ?? 0);
  }

  /** Decodes the rows `from…to` of a column, counted in the file; they must lie within one row group. */
  async readColumn(column: string, from: number, to: number): Promise<ColumnPiece[]> {
    const pieces: ColumnPiece[] = [];
    await decode({ file: this.path, row: from + 1, column }, () =>
      parquetRead({
        file: this.#buffer,
        metadata: this.metadata,
        columns: [column],
        rowStart: from,
        rowEnd: to,
        compressors,
        utf8: false,
        geoparquet: false,
        parsers: PARSERS,
        // must not throw: hyparquet would leave the rejection unhandled
        onChunk: ({ columnData, rowStart }) => pieces.push({ values: columnData, at: rowStart - from }),
      }),
    );
    return pieces;
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}

async function readRange(handle: FileHandle, from: number, to: number): Promise<ArrayBuffer> {
  const bytes = new Uint8Array(to - from);
  for (let done = 0; done < bytes.length; ) {
    const { bytesRead } = await handle.read(bytes, done, bytes.length - done, from + done);
    if (bytesRead === 0)
      throw new Error(`the file ends at ${from + done}, but ${to - from - done} bytes more were expected`);
    done += bytesRead;
  }
  return bytes.buffer;
}

/** What hyparquet throws, as an error that names the file. */
async function decode<T>(
  place: { file: string; row?: number; column?: string },
  read: () => Promise<T>,
): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    const said = error instanceof Error ? error.message : String(error);
    throw badInput(
      place,
      `cannot be decoded (${said})`,
      'the file is damaged or not a Parquet file; make it again',
      error,
    );
  }
}
