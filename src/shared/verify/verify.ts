import { align8 } from '../format/fields.ts';
import { isPage, type PagePointer } from '../format/page.ts';
import { recover } from '../recovery/recover.ts';
import type { Storage } from '../storage/storage.ts';
import { checkBlock } from './check-block.ts';
import { checkIndex } from './check-index.ts';
import { checkSpace, type Use } from './check-space.ts';
import type { Finding, FindingKind, VerifiedTable, VerifyReport } from './report.ts';

/**
 * Reads everything that a file holds, decodes it, and says what is wrong. Changes nothing and needs no lock, but of a file
 * that is being written meanwhile it may say too much.
 * @throws NOT_A_DATABASE, NEWER_VERSION, IO_ERROR; DAMAGED if neither superblock leads anywhere
 */
export function verify(storage: Storage): VerifyReport {
  const recovery = recover(storage);
  const { root, superblock } = recovery;
  const findings: Finding[] = recovery.damage
    .filter((text) => !text.startsWith('part of the index of'))
    .map((text) => ({ kind: kindOf(text), text, rowsLost: 0 }));
  const uses: Use[] = [
    pageUse(superblock.root, 'the root page'),
    ...root.free.map((page) => pageUse(page, 'the list of free space')),
    ...root.catalog.map(({ page }) => pageUse(page, 'a catalog page')),
    ...recovery.logExtents.map((extent) => ({ ...extent, what: 'a log', isNew: true })),
  ];
  const tables: VerifiedTable[] = [];
  for (const { entry, blocks, runs } of recovery.tables.values()) {
    const { name } = entry.definition;
    const index = checkIndex(storage, entry);
    findings.push(...index.findings);
    uses.push(...index.pages.map((page) => pageUse(page, `an index page of ${JSON.stringify(name)}`)));
    const what = `a block of ${JSON.stringify(name)}`;
    let rows = runs.reduce((sum, run) => sum + run.rows, 0);
    let rowsLost = index.findings.reduce((sum, finding) => sum + finding.rowsLost, 0);
    for (const [i, ref] of [...index.refs, ...blocks].entries()) {
      uses.push({ offset: ref.offset, bytes: align8(ref.length), what, isNew: i >= index.refs.length });
      const checked = checkBlock(storage, entry.definition, ref);
      findings.push(...checked.findings);
      if (checked.findings.length === 0) rows += ref.rows;
      else rowsLost += ref.rows;
    }
    tables.push({ name, rows, blocks: index.refs.length + blocks.length, rowsLost });
  }
  const space = checkSpace(storage, root, uses);
  return {
    fileBytes: storage.length(),
    checkpoint: superblock.sequence,
    tables: tables.sort((a, b) => (a.name < b.name ? -1 : 1)),
    findings: [...findings, ...space.findings],
    droppedBytes: recovery.droppedBytes,
    unreferencedBytes: space.unreferencedBytes,
  };
}

function pageUse(page: PagePointer, what: string): Use {
  return { offset: page.offset, bytes: isPage(page) ? align8(page.length) : 0, what, isNew: false };
}

function kindOf(text: string): FindingKind {
  if (text.includes('superblock')) return 'superblock';
  if (text.startsWith('the root')) return 'checkpoint';
  return text.includes('catalog') ? 'catalog' : 'log';
}
