import type { Batch, TableInfo } from '../../../src/main/api-types.ts';
import type { IngestTable, IngestTarget } from '../../../src/main/ingest/table-batcher.ts';
import { isPresent } from '../../../src/main/ingest/validity.ts';

/** A database in memory that copies what is appended, so that reused buffers show. */
export class FakeTarget implements IngestTarget {
  readonly rows = new Map<string, unknown[][]>();
  readonly infos = new Map<string, TableInfo>();
  appends = 0;
  drains = 0;
  syncs = 0;
  /** What `append` answers. */
  wantsMore = true;

  async createTable(name: string, columns: TableInfo['columns'], options: { unit: TableInfo['unit'] }) {
    this.infos.set(name, { name, columns, unit: options.unit });
    this.rows.set(name, []);
    return this.table(name);
  }

  table(name: string): IngestTable {
    const { columns } = this.infos.get(name)!;
    const rows = this.rows.get(name)!;
    return {
      append: (batch: Batch) => {
        this.appends++;
        for (let row = 0; row < batch.ts.length; row++) {
          const values = columns.map(({ name }) =>
            isPresent(batch.validity?.[name], row) ? batch.columns[name]![row] : null,
          );
          rows.push([batch.ts[row], ...values]);
        }
        return this.wantsMore;
      },
    };
  }

  hasTable(name: string): boolean {
    return this.infos.has(name);
  }

  schema(name: string): TableInfo {
    return this.infos.get(name)!;
  }

  async drained(): Promise<void> {
    this.drains++;
  }

  async sync(): Promise<void> {
    this.syncs++;
  }
}
