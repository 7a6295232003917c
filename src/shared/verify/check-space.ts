import { rethrowIoError } from '../errors.ts';
import { damaged, getSafe64, viewOf } from '../format/fields.ts';
import { readPage } from '../format/page.ts';
import type { Extent, Root } from '../format/root.ts';
import { FIRST_EXTENT } from '../format/superblock.ts';
import type { Storage } from '../storage/storage.ts';
import type { Finding } from './report.ts';

/** A run of the file and what it is for. */
export interface Use extends Extent {
  readonly what: string;
  /** Whether only the log knows of it, so that the checkpoint's list may still have it as free. */
  readonly isNew: boolean;
}

const FREE_ENTRY_BYTES = 24;

/** Finds bytes that serve two purposes, and bytes that serve none. @throws IO_ERROR */
export function checkSpace(
  storage: Storage,
  root: Root,
  uses: readonly Use[],
): { findings: Finding[]; unreferencedBytes: number } {
  const findings: Finding[] = [];
  const all: Use[] = [...uses];
  try {
    all.push(...freeRanges(storage, root));
  } catch (error) {
    rethrowIoError(error);
    const text = `the list of free space is damaged; space is lost until the file is repaired: ${(error as Error).message}`;
    findings.push({ kind: 'free space', text, rowsLost: 0 });
    return { findings, unreferencedBytes: 0 };
  }
  all.sort((a, b) => a.offset - b.offset || b.bytes - a.bytes);
  let end = FIRST_EXTENT;
  let last: Use | undefined;
  let unreferencedBytes = 0;
  for (const use of all) {
    if (use.offset >= end) unreferencedBytes += use.offset - end;
    else if (last !== undefined && !mayOverlap(last, use)) {
      findings.push({
        kind: 'overlap',
        offset: use.offset,
        rowsLost: 0,
        text: `${last.what} and ${use.what} both lie at ${use.offset}`,
      });
    }
    if (use.offset + use.bytes > end) {
      end = use.offset + use.bytes;
      last = use;
    }
  }
  return { findings, unreferencedBytes };
}

const FREE = 'free space';

function mayOverlap(a: Use, b: Use): boolean {
  return (a.what === FREE && b.isNew) || (b.what === FREE && a.isNew);
}

function freeRanges(storage: Storage, root: Root): Use[] {
  return root.free.flatMap((pointer) => {
    const { payload, count } = readPage(storage, 'free', pointer);
    if (payload.length !== count * FREE_ENTRY_BYTES) throw damaged('a free page has the wrong length');
    const view = viewOf(payload);
    return Array.from({ length: count }, (_, i) => ({
      offset: getSafe64(view, i * FREE_ENTRY_BYTES, 'free range'),
      bytes: getSafe64(view, i * FREE_ENTRY_BYTES + 8, 'free range'),
      what: FREE,
      isNew: false,
    }));
  });
}
