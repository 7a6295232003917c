import { timeKind } from '../chunk/layout.ts';
import { rethrowIoError } from '../errors.ts';
import { Block } from '../format/block.ts';
import type { BlockRef } from '../format/block-ref.ts';
import { type Column, currentColumns, type TableDefinition } from '../schema/types.ts';
import type { Storage } from '../storage/storage.ts';
import type { Finding } from './report.ts';

/** What can be read of a block. */
export interface CheckedBlock {
  /** Whether its rows are there at all: header and timestamps. */
  readonly isReadable: boolean;
  /** Columns whose values are lost. */
  readonly lost: readonly Column[];
  readonly findings: readonly Finding[];
}

/** Reads a block whole and decodes every column. @throws IO_ERROR */
export function checkBlock(storage: Storage, definition: TableDefinition, ref: BlockRef): CheckedBlock {
  const findings: Finding[] = [];
  const lost: Column[] = [];
  const find = (error: unknown, column?: string): void => {
    rethrowIoError(error);
    const of = column === undefined ? '' : `column ${JSON.stringify(column)} of `;
    findings.push({
      kind: column === undefined ? 'block' : 'column',
      table: definition.name,
      ...(column === undefined ? {} : { column }),
      offset: ref.offset,
      rowsLost: ref.rows,
      text: `${of}the block at ${ref.offset} of table ${JSON.stringify(definition.name)} is damaged, ${ref.rows} rows: ${(error as Error).message}`,
    });
  };
  let block: Block;
  try {
    block = new Block(storage, definition.id, ref);
    block.time(timeKind(definition.unit));
  } catch (error) {
    find(error);
    return { isReadable: false, lost, findings };
  }
  for (const column of currentColumns(definition)) {
    try {
      block.column(column);
    } catch (error) {
      find(error, column.name);
      lost.push(column);
    }
  }
  return { isReadable: true, lost, findings };
}
