import { rethrowIoError } from '../errors.ts';
import type { BlockRef } from '../format/block-ref.ts';
import { isPage, type PagePointer } from '../format/page.ts';
import type { TableEntry } from '../format/table-record.ts';
import { childrenOf, isLeaf, MAX_HEIGHT, readNode } from '../index/node.ts';
import type { Storage } from '../storage/storage.ts';
import type { Finding } from './report.ts';

/** What can be read of a table's index. */
export interface CheckedIndex {
  readonly refs: BlockRef[];
  readonly pages: PagePointer[];
  readonly findings: Finding[];
}

/** Reads a table's whole index, going on beside pages that are damaged. @throws IO_ERROR */
export function checkIndex(storage: Storage, { definition, state }: TableEntry): CheckedIndex {
  const result: CheckedIndex = { refs: [], pages: [], findings: [] };
  const visit = (page: PagePointer, level: number, rows: number): void => {
    result.pages.push(page);
    try {
      const node = readNode(storage, definition.id, page, level);
      if (isLeaf(node)) result.refs.push(...node.refs);
      else for (const child of childrenOf(node)) visit(child.page, level - 1, child.rows);
    } catch (error) {
      rethrowIoError(error);
      result.findings.push({
        kind: 'index',
        table: definition.name,
        offset: page.offset,
        rowsLost: rows,
        text: `the index page of table ${JSON.stringify(definition.name)} at ${page.offset} is damaged; it led to ${rows} rows: ${(error as Error).message}`,
      });
    }
  };
  if (isPage(state.root) && state.height <= MAX_HEIGHT) visit(state.root, state.height, state.rows);
  return result;
}
