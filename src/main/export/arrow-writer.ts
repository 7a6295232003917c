import type { Rows, TableInfo } from '../api-types.ts';
import { ArrowOutput } from '../arrow/arrow-output.ts';
import { type IpcKind, IpcWriter } from '../arrow/ipc-writer.ts';
import type { Arrow } from '../arrow/load-arrow.ts';
import type { RowsWriter } from './rows-writer.ts';

/** Rows as an Arrow IPC file or stream. */
export class ArrowWriter implements RowsWriter {
  private readonly output: ArrowOutput;
  private readonly writer: IpcWriter;

  constructor(arrow: Arrow, kind: IpcKind, { unit, columns }: TableInfo) {
    this.output = new ArrowOutput(arrow, unit, columns);
    this.writer = new IpcWriter(arrow, kind, this.output.schema);
  }

  add(rows: Rows): readonly Uint8Array[] {
    return this.writer.add(this.output.batch(rows));
  }

  end(): readonly Uint8Array[] {
    return this.writer.end();
  }
}
