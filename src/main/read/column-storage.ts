import { WIDTH } from '../../shared/chunk/layout.ts';
import { describeColumn } from '../../shared/codec/describe.ts';
import { Block } from '../../shared/format/block.ts';
import type { Column, ColumnType } from '../../shared/schema/types.ts';
import { currentColumns, isVariable } from '../../shared/schema/types.ts';
import type { Storage } from '../../shared/storage/storage.ts';
import type { CodecUse, ColumnStorage } from '../api-types.ts';
import type { TableSnapshot } from './snapshot.ts';
import { Turns } from './turns.ts';

/** What is counted of a column while blocks go by. */
interface Tally {
  readonly name: string;
  readonly type: ColumnType | 'ts';
  rows: number;
  nulls: number;
  storedBytes: number;
  readonly codecs: Map<string, { vectors: number; rows: number; bytes: number }>;
}

/**
 * How the columns of a snapshot's blocks are coded, `ts` first, by the vectors' headers: reads every block of the table and decodes
 * none. Rows in memory are not counted. Blocks older than a column count for nothing in it.
 * @throws DAMAGED if a block cannot be read
 */
export async function columnStorage(storage: Storage, snapshot: TableSnapshot): Promise<ColumnStorage[]> {
  const { definition, blocks } = snapshot;
  const columns = currentColumns(definition);
  const time = tallyOf('ts', 'ts');
  const tallies = columns.map(({ name, type }) => tallyOf(name, type));
  const turns = new Turns(true);
  for (const ref of blocks) {
    if (turns.isDue) await turns.take();
    const block = new Block(storage, definition.id, ref);
    count(time, block.encodedTime(), ref.rows);
    columns.forEach((column: Column, i) => {
      const bytes = block.encodedColumn(column);
      if (bytes !== undefined) count(tallies[i]!, bytes, ref.rows);
    });
  }
  return [time, ...tallies].map(finish);
}

function tallyOf(name: string, type: ColumnType | 'ts'): Tally {
  return { name, type, rows: 0, nulls: 0, storedBytes: 0, codecs: new Map() };
}

function count(tally: Tally, bytes: Uint8Array, rows: number): void {
  tally.rows += rows;
  tally.storedBytes += bytes.length;
  for (const vector of describeColumn(bytes, rows)) {
    const use = tally.codecs.get(vector.codec) ?? { vectors: 0, rows: 0, bytes: 0 };
    tally.nulls += vector.nulls;
    use.vectors++;
    use.rows += vector.count;
    use.bytes += vector.bytes;
    tally.codecs.set(vector.codec, use);
  }
}

function finish({ codecs, name, nulls, rows, storedBytes, type }: Tally): ColumnStorage {
  const width = type === 'ts' ? 8 : isVariable(type) ? undefined : WIDTH[type];
  const uses: CodecUse[] = [...codecs]
    .map(([codec, use]) => ({ codec, ...use }))
    .sort((a, b) => b.rows - a.rows || b.bytes - a.bytes);
  return {
    name,
    type,
    rows,
    nulls,
    rawBytes: width === undefined ? null : rows * width,
    storedBytes,
    codecs: uses,
  };
}
