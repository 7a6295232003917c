import type { ColumnPiece } from '../../src/main/ingest/parquet-file.ts';

/** The rows of one airport as the Parquet file has them, by time, ties in the order of the file. */
export interface ExpectedTable {
  readonly ts: Float64Array;
  readonly delay: Float64Array;
  readonly distance: Float64Array;
  /** Numbers of destinations; `ExpectedRows.nameOf` has their names. */
  readonly destination: Uint16Array;
}

/**
 * What the Parquet file says, noted down straight from what hyparquet decoded, apart from the way that the rows take into
 * the database: no code of src/main/ingest converts, groups or sorts here. 28 bytes a row.
 */
export class ExpectedRows {
  /** Time spent here, which is neither reading nor engine. */
  spent_ms = 0;
  readonly #rows: number;
  readonly #ts: Float64Array;
  readonly #delay: Float64Array;
  readonly #distance: Float64Array;
  readonly #origin: Uint16Array;
  readonly #destination: Uint16Array;
  readonly #numbers = new Map<string, number>();
  readonly #names: string[] = [];

  constructor(rows: number) {
    this.#rows = rows;
    this.#ts = new Float64Array(rows);
    this.#delay = new Float64Array(rows);
    this.#distance = new Float64Array(rows);
    this.#origin = new Uint16Array(rows);
    this.#destination = new Uint16Array(rows);
  }

  /** Notes a piece of a column; `row` is the number of its first row in the file. */
  note(column: string, row: number, values: ColumnPiece['values']): void {
    const begin = performance.now();
    const count = Math.min(values.length, this.#rows - row);
    for (let i = 0; i < count; i++) {
      const value = values[i];
      if (value === null || value === undefined)
        throw new Error(`row ${row + i} has no ${column}; is this flights-3m?`);
      switch (column) {
        case 'date': // microseconds
          this.#ts[row + i] = Math.floor(Number(value as bigint) / 1000);
          break;
        case 'delay':
          this.#delay[row + i] = Number(value as bigint);
          break;
        case 'distance':
          this.#distance[row + i] = Number(value as bigint);
          break;
        case 'origin':
          this.#origin[row + i] = this.#numberOf(value as string);
          break;
        case 'destination':
          this.#destination[row + i] = this.#numberOf(value as string);
          break;
      }
    }
    this.spent_ms += performance.now() - begin;
  }

  /** The airport with a number. */
  nameOf(number: number): string {
    return this.#names[number]!;
  }

  /** The rows of each airport of origin, by its name. */
  tables(): Map<string, ExpectedTable> {
    const rowsOf = new Map<number, number[]>();
    for (let row = 0; row < this.#rows; row++) {
      const rows = rowsOf.get(this.#origin[row]!);
      if (rows === undefined) rowsOf.set(this.#origin[row]!, [row]);
      else rows.push(row);
    }
    const tables = new Map<string, ExpectedTable>();
    for (const [number, rows] of rowsOf) {
      // sort is stable, so ties stay in the order of the file
      rows.sort((a, b) => this.#ts[a]! - this.#ts[b]!);
      tables.set(this.nameOf(number), {
        ts: Float64Array.from(rows, (row) => this.#ts[row]!),
        delay: Float64Array.from(rows, (row) => this.#delay[row]!),
        distance: Float64Array.from(rows, (row) => this.#distance[row]!),
        destination: Uint16Array.from(rows, (row) => this.#destination[row]!),
      });
    }
    return tables;
  }

  #numberOf(name: string): number {
    let number = this.#numbers.get(name);
    if (number === undefined) {
      number = this.#names.length;
      this.#names.push(name);
      this.#numbers.set(name, number);
    }
    return number;
  }
}
