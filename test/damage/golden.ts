/** A database of 64 KiB whose every byte is damaged in turn, and what may be read of it then. */
import assert from 'node:assert/strict';
import { MillraceError, NanoTsDbShared, type Rows } from '../../src/main/index.ts';
import { ReadOnlyDatabase } from '../../src/main/read-only.ts';
import { readPage } from '../../src/shared/format/page.ts';
import { readCurrentRoot } from '../../src/shared/recovery/superblocks.ts';
import type { VerifyReport } from '../../src/shared/verify/report.ts';
import { verify } from '../../src/shared/verify/verify.ts';
import { decodeFree } from '../../src/workers/coordinator/free-space.ts';
import { seededWords } from '../crash/world.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import { Random } from '../support/model-values.ts';
import { imageStorage } from '../support/storage/image-storage.ts';

export const GOLDEN_BYTES = 65_536;
export const GOLDEN_TABLES = ['press', 'lathe', 'oven'] as const;
const COLUMNS = [
  'a',
  'b',
  { name: 'state', type: 'utf8' },
  { name: 'count', type: 'i64' },
  { name: 'raw', type: 'bytes' },
] as const;

/** Writes a database of several checkpoints and about 64 KiB, the same every time, and closes it or leaves its log open. */
export async function goldenImage(isClosed: boolean): Promise<Uint8Array> {
  const random = new Random(64);
  const engine = new InlineEngine({ writers: 1, randomWords: seededWords(random) });
  const db = NanoTsDbShared.over(engine);
  const tables = GOLDEN_TABLES.map((name) => db.createTableSync(name, COLUMNS));
  // One with an open log is smaller, for each of its bytes is tried and its extents are mostly empty.
  const flushes = isClosed ? 6 : 1;
  for (let part = 0; part < flushes + 2; part++) {
    for (const table of tables) {
      for (let i = 0; i < 13; i++) {
        const n = part * 13 + i;
        const raw = Uint8Array.from({ length: 124 }, () => random.below(256));
        table.appendRow(1_700_000_000_000 + n, [
          random.u32() / 3,
          n % 7 === 0 ? null : random.u32() / 7,
          `state ${random.below(5)}`,
          random.u64() >> 1n,
          raw,
        ]);
      }
    }
    if (part < flushes) await db.flush();
    else await db.sync();
  }
  if (isClosed) await db.close();
  const image = engine.file.image();
  engine.shared.control.poison(new Error('killed'));
  await db.close().catch(() => {});
  return image;
}

/** A table's rows, so that they can be compared at once. */
interface FlatRows {
  readonly count: number;
  readonly ts: Float64Array;
  readonly text: string;
}

function flat(rows: Rows): FlatRows {
  const parts: string[] = [latin1(rows.ts)];
  for (const column of COLUMNS) {
    const name = typeof column === 'string' ? column : column.name;
    const values = rows.columns[name]!;
    if (ArrayBuffer.isView(values)) parts.push(latin1(values));
    else for (const value of values) parts.push(typeof value === 'string' ? value : latin1(value));
    const validity = rows.validity[name];
    parts.push(validity === undefined ? '' : latin1(validity));
  }
  return { count: rows.rowCount, ts: rows.ts as Float64Array, text: parts.join('\n') };
}

function latin1({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength).toString('latin1');
}

/** What a damaged file shows. */
export interface Shown {
  /** Of each table: its rows, 'damaged' if a query says so, 'missing'. */
  readonly tables: readonly (FlatRows | 'damaged' | 'missing')[];
  readonly report: VerifyReport | undefined;
  /** What opening it for reading reported. */
  readonly recovery: { readonly damage: readonly string[]; readonly droppedBytes: number };
}

/** Opens an image and reads everything. @returns undefined if it was refused as DAMAGED or NOT_A_DATABASE */
export async function showAll(image: Uint8Array): Promise<Shown | undefined> {
  const storage = imageStorage(image);
  let core: ReadOnlyDatabase;
  try {
    core = new ReadOnlyDatabase('image', storage);
  } catch (error) {
    assert.ok(MillraceError.is(error), `opening throws ${(error as Error).stack}`);
    assert.ok(['DAMAGED', 'NOT_A_DATABASE'].includes(error.code), error.code);
    return undefined;
  }
  const db = new NanoTsDbShared(core);
  const tables: (FlatRows | 'damaged' | 'missing')[] = [];
  for (const name of GOLDEN_TABLES) {
    if (!db.hasTable(name)) tables.push('missing');
    else {
      try {
        tables.push(flat(await db.table(name).query()));
      } catch (error) {
        assert.ok(
          MillraceError.is(error) && error.code === 'DAMAGED',
          `a query throws ${(error as Error).stack}`,
        );
        tables.push('damaged');
      }
    }
  }
  return { tables, report: verify(storage), recovery: (await core.stats()).recovery };
}

/** How often each kind of outcome was met. */
export interface Tally {
  right: number;
  reported: number;
  refused: number;
}

/**
 * Checks what a damaged image shows: right rows in every table, or a loss that verify names. Where only a block or a column
 * is damaged, the other tables are whole.
 */
export async function checkDamaged(
  image: Uint8Array,
  whole: Shown,
  where: string,
  tally: Tally,
): Promise<void> {
  const shown = await showAll(image).catch((error: Error) => {
    throw new Error(`${where}: ${error.message}`, { cause: error });
  });
  if (shown === undefined) {
    tally.refused++;
    return;
  }
  const wrong = GOLDEN_TABLES.filter((_, i) => textOf(shown.tables[i]!) !== textOf(whole.tables[i]!));
  const { findings } = shown.report!;
  if (wrong.length === 0) {
    tally.right++;
    assert.ok(
      findings.every(({ rowsLost }) => rowsLost === 0),
      `${where}: all rows can be read, and verify speaks of lost ones`,
    );
    return;
  }
  tally.reported++;
  const { damage, droppedBytes } = shown.recovery;
  assert.ok(
    findings.length > 0 || damage.length > 0 || droppedBytes > 0,
    `${where}: ${wrong} lost rows, and nobody says so`,
  );
  for (const name of wrong) {
    const i = GOLDEN_TABLES.indexOf(name);
    const isNamed = findings.some(({ table }) => table === name);
    if (shown.tables[i] === 'damaged') assert.ok(isNamed, `${where}: verify does not name "${name}"`);
    else if (shown.tables[i] !== 'missing')
      assertFewer(shown.tables[i] as FlatRows, whole.tables[i] as FlatRows, `${where}: "${name}"`);
  }
  const isLocal = findings.every(({ kind }) => kind === 'block' || kind === 'column' || kind === 'index');
  if (findings.length > 0 && isLocal && droppedBytes === 0) {
    for (const name of wrong) {
      assert.ok(
        findings.some(({ table }) => table === name),
        `${where}: "${name}" is not whole, and it is another table's block that is damaged`,
      );
    }
  }
}

function textOf(table: FlatRows | 'damaged' | 'missing'): string {
  return typeof table === 'string' ? table : table.text;
}

/** Fewer rows than there were; no row that was not there. */
function assertFewer(found: FlatRows, whole: FlatRows, where: string): void {
  assert.ok(found.count < whole.count, `${where}: ${found.count} rows of ${whole.count}, and not the same`);
  const times = new Set(whole.ts);
  assert.ok(
    found.ts.every((ts) => times.has(ts)),
    `${where}: a row that was never there`,
  );
}

/** Places to damage: every byte that means something, and one of 32 in free space. */
export function placesToDamage(image: Uint8Array): number[] {
  const storage = imageStorage(image);
  const { root } = readCurrentRoot(storage);
  const isFree = new Uint8Array(image.length);
  for (const pointer of root.free) {
    const { payload, count } = readPage(storage, 'free', pointer);
    for (const { offset, bytes } of decodeFree(payload, count)) isFree.fill(1, offset, offset + bytes);
  }
  return Array.from(image.keys()).filter((at) => isFree[at] === 0 || at % 32 === 0);
}
