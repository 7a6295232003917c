import type { NanoTsDbShared } from '../../src/main/index.ts';
import { PLANT } from './plant.ts';

/**
 * Brings the plant's rows into a database: most of them into blocks and a checkpoint, the last tenth of each table only into
 * memory, where a writer has not seen them yet.
 */
export async function fillPlant(db: NanoTsDbShared): Promise<void> {
  for (const { name, unit, columns, rows } of PLANT) {
    const table = await db.createTable(name, columns, { unit });
    const live = Math.floor(rows.length * 0.9);
    for (const [i, { ts, values }] of rows.entries()) {
      if (i === live) await db.flush();
      table.appendRow(ts as never, values as never);
    }
  }
}
