import type { RecordBatch, RecordBatchWriter, Schema } from 'apache-arrow';
import type { Arrow } from './load-arrow.ts';

/** Arrow's two containers: a file can be read from any place, a stream from its beginning only. */
export type IpcKind = 'file' | 'stream';

/** Writes record batches as Arrow IPC, piece by piece, so that a large table needs no memory. */
export class IpcWriter {
  private readonly writer: RecordBatchWriter;
  private pieces: Uint8Array[] = [];

  constructor(arrow: Arrow, kind: IpcKind, schema: Schema) {
    const take = (piece: Uint8Array): void => {
      this.pieces.push(piece);
    };
    // The package's own queue gives its bytes out asynchronously; this one hands each piece on at once.
    class Sink extends arrow.AsyncByteQueue {
      override write(value: ArrayBufferLike | ArrayBufferView): void {
        const bytes = ArrayBuffer.isView(value)
          ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
          : new Uint8Array(value);
        if (bytes.length > 0) take(bytes);
      }
    }
    this.writer = kind === 'file' ? new arrow.RecordBatchFileWriter() : new arrow.RecordBatchStreamWriter();
    this.writer.reset(new Sink() as never, schema);
  }

  /** @returns the bytes to write next; they may be views of the batch */
  add(batch: RecordBatch): readonly Uint8Array[] {
    this.writer.write(batch);
    return this.take();
  }

  /** @returns the last bytes */
  end(): readonly Uint8Array[] {
    this.writer.finish();
    return this.take();
  }

  private take(): readonly Uint8Array[] {
    const { pieces } = this;
    this.pieces = [];
    return pieces;
  }
}
