/** Files as a crash leaves them, and what may be read of them however much they are damaged. */
import assert from 'node:assert/strict';
import { MillraceError, NanoTsDbShared } from '../../src/main/index.ts';
import { ReadOnlyDatabase } from '../../src/main/read-only.ts';
import { STATE_CLOSED } from '../../src/shared/control/words.ts';
import { MemoryFile } from '../../src/shared/storage/memory-storage.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import {
  type AnyTable,
  appendBatch,
  appendRows,
  FORMULA_TABLES,
  type FormulaTable,
  formulaTables,
  numberOfRow,
} from './kill-rows.ts';

/** The newest rows are in the log only, as blocks and as pieces; what `acked` counts was synced. */
export interface OpenLog {
  readonly image: Uint8Array;
  readonly acked: readonly number[];
  readonly appended: readonly number[];
}

/** A new table every time, whose definition only the log has. */
const LATE_TABLE: FormulaTable = { ...FORMULA_TABLES[0]!, name: 'made after the last checkpoint' };
export const RECOVERY_TABLES: readonly FormulaTable[] = [...FORMULA_TABLES, LATE_TABLE];

/** A file that was killed while it was written: several checkpoints, log extents with links, an unfinished commit. */
export async function openLog(writers = 2): Promise<OpenLog> {
  const engine = new InlineEngine({ writers });
  const db = NanoTsDbShared.over(engine);
  const tables = await formulaTables(db);
  const appended = RECOVERY_TABLES.map(() => 0);
  const append = (i: number, count: number, inBatch: boolean): void => {
    (inBatch ? appendBatch : appendRows)(RECOVERY_TABLES[i]!, tables[i]!, appended[i]!, count);
    appended[i]! += count;
  };
  const grow = (turns: number): void => {
    for (let turn = 0; turn < turns; turn++) {
      append(0, 7, false);
      append(1, 12, turn % 2 === 0);
      append(2, 3, false);
      if (turn % 8 === 0) append(3, 1, false);
      append(4, 2, turn % 5 === 0);
      if (tables.length > 5) append(5, 2, false);
      engine.turn(10);
    }
  };
  grow(40);
  await db.flush();
  grow(20);
  for (let i = 0; i < 20; i++) engine.turn(i === 0 ? 31_000 : 1);
  tables.push(
    (await db.createTable(LATE_TABLE.name, LATE_TABLE.columns, { unit: LATE_TABLE.unit })) as AnyTable,
  );
  grow(260);
  await db.sync();
  const acked = [...appended];
  grow(10);
  append(0, 5, false);
  abandon(engine);
  return { image: engine.file.image(), acked, appended };
}

/** Lets go of an engine as a killed process does: without a last commit. */
export function abandon(engine: InlineEngine): void {
  engine.shared.control.setState(STATE_CLOSED);
}

/** Opens an image for reading: recovery without any writing. */
export function openImage(image: Uint8Array): NanoTsDbShared {
  return new NanoTsDbShared(new ReadOnlyDatabase('memory', new MemoryFile(image).open()));
}

/** What a query of a table gave: the numbers of its rows, each of which was right; or a refusal. */
export type Outcome = readonly number[] | 'damaged' | 'missing';

/** Reads a table. Throws if a row is not the formula's, or is there twice, or the query fails with anything but DAMAGED. */
export async function readTable(db: NanoTsDbShared, formula: FormulaTable): Promise<Outcome> {
  if (!db.hasTable(formula.name)) return 'missing';
  try {
    const rows = await db.table(formula.name).query();
    const numbers = Array.from({ length: rows.rowCount }, (_, i) => numberOfRow(formula, rows, i));
    numbers.sort((a, b) => a - b);
    for (let i = 1; i < numbers.length; i++) {
      assert.notEqual(numbers[i], numbers[i - 1], `row ${numbers[i]} of "${formula.name}" is there twice`);
    }
    return numbers;
  } catch (error) {
    if (MillraceError.is(error) && error.code === 'DAMAGED') return 'damaged';
    throw error;
  }
}

export async function readTables(db: NanoTsDbShared): Promise<Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const formula of RECOVERY_TABLES) outcomes.push(await readTable(db, formula));
  return outcomes;
}

/** Whether rows 0, 1, 2 … without a gap. */
export function isPrefix(numbers: readonly number[]): boolean {
  return numbers.length === 0 || numbers.at(-1) === numbers.length - 1;
}

/** Asserts that every table holds a prefix with all that `least` counts, and no more than `most`. */
export function assertPrefixes(
  outcomes: readonly Outcome[],
  least: readonly number[],
  most: readonly number[],
  where: string,
): void {
  for (const [i, { name }] of RECOVERY_TABLES.entries()) {
    const outcome = outcomes[i]!;
    assert.ok(Array.isArray(outcome), `${where}: "${name}" is ${outcome}`);
    assert.ok(isPrefix(outcome), `${where}: "${name}" has a gap`);
    assert.ok(
      outcome.length >= least[i]!,
      `${where}: "${name}" has ${outcome.length} rows, ${least[i]} were synced`,
    );
    assert.ok(outcome.length <= most[i]!, `${where}: "${name}" has ${outcome.length} of ${most[i]} rows`);
  }
}
