import { crc32 } from 'node:zlib';
import { makeRandom } from './random.ts';

/** Columns of a table of workload W besides `ts`, in the order in which every engine gets them. */
export const W_COLUMNS = ['temp', 'pressure', 'vib', 'count'] as const;
/** Rows of one batch of W2. */
export const W_BATCH_ROWS = 10_000;
/** Raw bytes of a row: five values of 8 bytes. */
export const W_ROW_BYTES = 40;

/** Time of row 0: 2024-01-01T00:00:00Z in ms. */
const START_MS = 1_704_067_200_000;
const STEP_MS = 100;
/** Below STEP_MS, so that ts is strictly increasing. */
const JITTER_MS = 10;
const TEMP_PERIOD_ROWS = 50_000;

/** The rows of one machine, by column; all arrays are equally long. `ts` is in ms. */
export interface WTable {
  readonly name: string;
  readonly ts: Float64Array;
  readonly temp: Float64Array;
  readonly pressure: Float64Array;
  readonly vib: Float64Array;
  readonly count: Float64Array;
}

/** Rows of a machine as `append` takes them. */
export interface WBatch {
  readonly ts: Float64Array;
  readonly columns: Readonly<Record<(typeof W_COLUMNS)[number], Float64Array>>;
}

/** A machine's rows from…to - 1, or to its last one if there are fewer; the arrays are views of the table's own. */
export function partOf({ ts, temp, pressure, vib, count }: WTable, from: number, to: number): WBatch {
  const part = (values: Float64Array): Float64Array => values.subarray(from, to);
  return {
    ts: part(ts),
    columns: { temp: part(temp), pressure: part(pressure), vib: part(vib), count: part(count) },
  };
}

/** Numbers of a row of `inTurn`: ts and the columns. */
export const W_ROW_NUMBERS = 1 + W_COLUMNS.length;

/**
 * The rows of tables of one length, one table's after the other's, in turn: W1's order, in which whoever reads sensors has them.
 * @returns `W_ROW_NUMBERS` numbers a row: ts, temp, pressure, vib, count
 */
export function inTurn(tables: readonly WTable[]): Float64Array {
  const rowsPerTable = tables[0]?.ts.length ?? 0;
  const rows = new Float64Array(tables.length * rowsPerTable * W_ROW_NUMBERS);
  let at = 0;
  for (let i = 0; i < rowsPerTable; i++) {
    for (const { ts, temp, pressure, vib, count } of tables) {
      rows[at++] = ts[i]!;
      rows[at++] = temp[i]!;
      rows[at++] = pressure[i]!;
      rows[at++] = vib[i]!;
      rows[at++] = count[i]!;
    }
  }
  return rows;
}

/** How much of workload W to make; the defaults are the whole of it. */
export interface WSize {
  readonly tables?: number | undefined;
  readonly rowsPerTable?: number | undefined;
  readonly seed?: number | undefined;
}

/**
 * Workload W of `shared/design/workload.md`: 8 machines of 250,000 rows unless told otherwise. A table's rows depend on
 * its number and the seed only, so fewer tables or fewer rows are a part of the whole.
 */
export function generateW({ tables = 8, rowsPerTable = 250_000, seed = 1 }: WSize = {}): WTable[] {
  return Array.from({ length: tables }, (_, table) => generateTable(table, rowsPerTable, seed));
}

/** CRC-32 over all names and values: equal when, and practically only when, the rows are equal bit for bit. */
export function fingerprint(tables: readonly WTable[]): number {
  let crc = 0;
  for (const table of tables) {
    crc = crc32(table.name, crc);
    for (const column of ['ts', ...W_COLUMNS] as const) crc = crc32(bytesOf(table[column]), crc);
  }
  return crc;
}

function bytesOf(values: Float64Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

function generateTable(table: number, rows: number, seed: number): WTable {
  const random = makeRandom(table, seed, Math.floor(seed / 0x1_0000_0000));
  const ts = new Float64Array(rows);
  const temp = new Float64Array(rows);
  const pressure = new Float64Array(rows);
  const vib = new Float64Array(rows);
  const count = new Float64Array(rows);
  let tempWalk = 0;
  let pressureWalk = 0;
  let counter = 0;
  for (let i = 0; i < rows; i++) {
    ts[i] = START_MS + i * STEP_MS + random.below(JITTER_MS);
    tempWalk += 0.004 * random.normal();
    temp[i] = decimals2(20 + 5 * Math.sin((2 * Math.PI * i) / TEMP_PERIOD_ROWS) + tempWalk);
    pressureWalk += 0.03 * random.normal();
    pressure[i] = decimals2(1013 + pressureWalk);
    vib[i] = decimals3(Math.abs(1.2 * random.normal()));
    counter += random.below(3);
    count[i] = counter;
  }
  return { name: `m${table}`, ts, temp, pressure, vib, count };
}

// Dividing a whole number by a power of ten gives the double nearest to the decimal, the one its shortest form names;
// multiplying by 0.01 would not.
function decimals2(value: number): number {
  return Math.round(value * 100) / 100;
}

function decimals3(value: number): number {
  return Math.round(value * 1000) / 1000;
}
