/** A database of 64 KiB whose every byte is damaged in turn, and what may be read of it then. */
import assert from 'node:assert/strict';
import { MillraceError, NanoTsDbShared, type Rows } from '../../src/main/index.ts';
import { ReadOnlyDatabase } from '../../src/main/read-only.ts';
import type { VerifyReport } from '../../src/shared/verify/report.ts';
import { verify } from '../../src/shared/verify/verify.ts';
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
  for (let part = 0; part < 8; part++) {
    for (const table of tables) {
      for (let i = 0; i < 38; i++) {
        const n = part * 38 + i;
        const raw = Uint8Array.from({ length: 24 }, () => random.below(256));
        table.appendRow(1_700_000_000_000 + n, [
          random.u32() / 3,
          n % 7 === 0 ? null : random.u32() / 7,
          `state ${random.below(5)}`,
          random.u64() >> 1n,
          raw,
        ]);
      }
    }
    if (part < 6) await db.flush();
    else await db.sync();
  }
  if (isClosed) await db.close();
  const image = engine.file.image();
  engine.shared.control.poison(new Error('killed'));
  await db.close().catch(() => {});
  return image;
}

/** A table's rows as bytes that can be compared. */
function flat(rows: Rows): string {
  const parts: unknown[] = [rows.rowCount, [...rows.ts]];
  for (const { name } of COLUMNS.map((column) => (typeof column === 'string' ? { name: column } : column))) {
    const column = rows.columns[name] as ArrayLike<unknown> & { buffer?: ArrayBuffer };
    parts.push(
      ArrayBuffer.isView(column)
        ? Buffer.from(column.buffer as ArrayBuffer).toString('latin1')
        : Array.from(column, (value) =>
            value instanceof Uint8Array ? Buffer.from(value).toString('latin1') : value,
          ),
      rows.validity[name] === undefined ? null : [...rows.validity[name]],
    );
  }
  return JSON.stringify(parts);
}

/** What a damaged file shows. */
export interface Shown {
  /** Of each table: its rows as text, 'damaged' if a query says so, 'missing'. */
  readonly tables: readonly string[];
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
  const tables: string[] = [];
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
  const wrong = GOLDEN_TABLES.filter((_, i) => shown.tables[i] !== whole.tables[i]);
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
      assertFewer(shown.tables[i]!, whole.tables[i]!, `${where}: "${name}"`);
  }
  if (
    findings.length > 0 &&
    findings.every(({ kind }) => kind === 'block' || kind === 'column' || kind === 'index')
  )
    assert.equal(wrong.length, 1, `${where}: damage to one block, and ${wrong} are not whole`);
}

/** Fewer rows than there were, the log's last ones missing; no row that was not there. */
function assertFewer(found: string, whole: string, where: string): void {
  const [count, times] = JSON.parse(found) as [number, number[]];
  const [countOfWhole, timesOfWhole] = JSON.parse(whole) as [number, number[]];
  assert.ok(count < countOfWhole, `${where}: ${count} rows of ${countOfWhole}, and not the same`);
  assert.ok(
    times.every((ts) => timesOfWhole.includes(ts)),
    `${where}: a row that was never there`,
  );
}
